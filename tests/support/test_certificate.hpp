#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace tenon::test {

/// What a generated server certificate says.
struct CertificateSpec {
    std::vector<std::string> dns_names = {"localhost"};
    std::vector<std::string> ip_addresses = {"127.0.0.1", "::1"};
    bool expired = false;  ///< valid from two days ago until yesterday
};

/// A certificate for some other host, with which every client must refuse to talk.
[[nodiscard]] inline CertificateSpec certificate_for_another_host() {
    return {.dns_names = {"wrong.example"}, .ip_addresses = {}, .expired = false};
}

/// PEM texts of a fresh authority and a server certificate signed by it (EC P-256).
struct TestCertificate {
    std::string ca_pem;
    std::string certificate_pem;
    std::string key_pem;
};

[[nodiscard]] TestCertificate make_certificate(const CertificateSpec& spec = {});

/// A file in the temporary directory that is removed with this object.
class TempFile {
public:
    explicit TempFile(std::string_view content);
    ~TempFile();
    TempFile(const TempFile&) = delete;
    TempFile& operator=(const TempFile&) = delete;

    [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

private:
    std::filesystem::path path_;
};

}  // namespace tenon::test
