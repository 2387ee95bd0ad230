#include "support/test_certificate.hpp"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <stdexcept>
#include <system_error>

namespace tenon::test {
namespace {

constexpr long kDay = 24 * 60 * 60;  // seconds

template <auto free_function>
struct Free {
    template <class T>
    void operator()(T* pointer) const noexcept {
        free_function(pointer);
    }
};
using Key = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Free<X509_free>>;
using Extension = std::unique_ptr<X509_EXTENSION, Free<X509_EXTENSION_free>>;
using Bio = std::unique_ptr<BIO, Free<BIO_free_all>>;

void require(bool ok, const char* step) {
    if (!ok) {
        throw std::runtime_error(std::string("test certificate: ") + step +
                                 " failed: " + ERR_error_string(ERR_get_error(), nullptr));
    }
}

Key make_key() {
    Key key(EVP_EC_gen("P-256"));
    require(key != nullptr, "EVP_EC_gen");
    return key;
}

void add_extension(X509* certificate, X509* issuer, int nid, const std::string& value) {
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    const Extension extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
    require(extension != nullptr, value.c_str());
    require(X509_add_ext(certificate, extension.get(), -1) == 1, "X509_add_ext");
}

Certificate make_unsigned(EVP_PKEY* key, long serial, const char* common_name, bool expired) {
    Certificate certificate(X509_new());
    require(certificate != nullptr, "X509_new");
    X509* x509 = certificate.get();
    X509_set_version(x509, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(x509), serial);
    X509_gmtime_adj(X509_getm_notBefore(x509), expired ? -2 * kDay : -kDay);
    X509_gmtime_adj(X509_getm_notAfter(x509), expired ? -kDay : kDay);
    require(X509_set_pubkey(x509, key) == 1, "X509_set_pubkey");
    X509_NAME_add_entry_by_txt(X509_get_subject_name(x509), "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(common_name), -1, -1, 0);
    return certificate;
}

std::string alternative_names(const CertificateSpec& spec) {
    std::string names;
    for (const std::string& name : spec.dns_names) {
        names += (names.empty() ? "DNS:" : ",DNS:") + name;
    }
    for (const std::string& address : spec.ip_addresses) {
        names += (names.empty() ? "IP:" : ",IP:") + address;
    }
    return names;
}

template <class Write>
std::string to_pem(Write write) {
    const Bio bio(BIO_new(BIO_s_mem()));
    require(bio != nullptr && write(bio.get()) == 1, "PEM_write");
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio.get(), &data);
    return {data, static_cast<std::size_t>(size)};
}

std::string to_pem(X509* certificate) {
    return to_pem([&](BIO* bio) { return PEM_write_bio_X509(bio, certificate); });
}

}  // namespace

TestCertificate make_certificate(const CertificateSpec& spec) {
    const Key ca_key = make_key();
    const Certificate ca = make_unsigned(ca_key.get(), 1, "Tenon test authority", false);
    X509_set_issuer_name(ca.get(), X509_get_subject_name(ca.get()));
    add_extension(ca.get(), ca.get(), NID_basic_constraints, "critical,CA:TRUE");
    add_extension(ca.get(), ca.get(), NID_key_usage, "critical,keyCertSign,cRLSign");
    add_extension(ca.get(), ca.get(), NID_subject_key_identifier, "hash");
    require(X509_sign(ca.get(), ca_key.get(), EVP_sha256()) > 0, "X509_sign");

    const Key key = make_key();
    const Certificate leaf = make_unsigned(key.get(), 2, "Tenon test server", spec.expired);
    X509_set_issuer_name(leaf.get(), X509_get_subject_name(ca.get()));
    add_extension(leaf.get(), ca.get(), NID_basic_constraints, "critical,CA:FALSE");
    add_extension(leaf.get(), ca.get(), NID_ext_key_usage, "serverAuth");
    if (const std::string names = alternative_names(spec); !names.empty()) {
        add_extension(leaf.get(), ca.get(), NID_subject_alt_name, names);
    }
    require(X509_sign(leaf.get(), ca_key.get(), EVP_sha256()) > 0, "X509_sign");

    return {.ca_pem = to_pem(ca.get()),
            .certificate_pem = to_pem(leaf.get()),
            .key_pem = to_pem([&](BIO* bio) {
                return PEM_write_bio_PrivateKey(bio, key.get(), nullptr, nullptr, 0, nullptr,
                                                nullptr);
            })};
}

TempFile::TempFile(std::string_view content) {
    std::string name = std::filesystem::temp_directory_path() / "tenon-test-XXXXXX";
    const int fd = ::mkstemp(name.data());
    if (fd < 0) {
        throw std::system_error(errno, std::generic_category(), "mkstemp " + name);
    }
    path_ = name;
    const ssize_t written = ::write(fd, content.data(), content.size());
    ::close(fd);
    if (written != static_cast<ssize_t>(content.size())) {
        std::filesystem::remove(path_);
        throw std::runtime_error("cannot write " + name);
    }
}

TempFile::~TempFile() {
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);
}

}  // namespace tenon::test
