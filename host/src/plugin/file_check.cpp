#include "plugin/file_check.hpp"

#include <elf.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>
#include <vector>

namespace tenon::plugin {
namespace {

namespace fs = std::filesystem;

#if defined(__x86_64__)
constexpr std::uint16_t kMachine = EM_X86_64;
constexpr const char* kMachineName = "x86-64";
#elif defined(__aarch64__)
constexpr std::uint16_t kMachine = EM_AARCH64;
constexpr const char* kMachineName = "aarch64";
#else
#error "Tenon knows x86-64 and aarch64"
#endif

/// What to do about a file or directory that others could change.
constexpr const char* kOnlyYou =
    "; plugins run with your rights, so only you may be able to change them (chown, chmod go-w)";

std::string reason(int error) {
    return std::error_code(error, std::generic_category()).message();
}

/// Debian and Ubuntu give every user a group of the same name and a umask of 002. Nobody else is in
/// such a group, so its right to write adds nobody.
bool is_private_group_of(gid_t group, uid_t owner) {
    std::vector<char> group_buffer(16384);
    std::vector<char> user_buffer(16384);
    struct group group_entry {};
    struct passwd user_entry {};
    struct group* found_group = nullptr;
    struct passwd* found_user = nullptr;
    if (getgrgid_r(group, &group_entry, group_buffer.data(), group_buffer.size(), &found_group) !=
            0 ||
        found_group == nullptr) {
        return false;
    }
    if (getpwuid_r(owner, &user_entry, user_buffer.data(), user_buffer.size(), &found_user) != 0 ||
        found_user == nullptr) {
        return false;
    }
    for (char** member = found_group->gr_mem; *member != nullptr; ++member) {
        if (std::strcmp(*member, found_user->pw_name) != 0) return false;
    }
    return std::strcmp(found_group->gr_name, found_user->pw_name) == 0;
}

/// Who else could change it, as words that follow its name; nullopt if nobody.
std::optional<std::string> unsafe(const struct stat& info, bool directory) {
    if (info.st_uid != 0 && info.st_uid != geteuid()) {
        return "belongs to another user (uid " + std::to_string(info.st_uid) + ")";
    }
    const bool sticky = directory && (info.st_mode & S_ISVTX) != 0;
    if ((info.st_mode & S_IWOTH) != 0 && !sticky) return "is writable for everybody";
    if ((info.st_mode & S_IWGRP) != 0 && !sticky && info.st_gid != 0 &&
        !is_private_group_of(info.st_gid, info.st_uid)) {
        return "is writable for the group " + std::to_string(info.st_gid);
    }
    return std::nullopt;
}

/// Is `dir` above the running program? Who can change such a directory can put another program in
/// the place of this one, so asking for more would protect nothing.
bool is_above_program(const fs::path& dir) {
    std::error_code error;
    const fs::path program = fs::read_symlink("/proc/self/exe", error);
    if (error) return false;
    return std::mismatch(dir.begin(), dir.end(), program.begin(), program.end()).first == dir.end();
}

std::optional<std::string> unsafe_parent(const fs::path& path) {
    for (fs::path dir = path.parent_path();; dir = dir.parent_path()) {
        if (is_above_program(dir)) return std::nullopt;
        struct stat info {};
        if (stat(dir.c_str(), &info) != 0) {
            return "its directory " + dir.string() + " cannot be examined: " + reason(errno);
        }
        if (const auto why = unsafe(info, true)) {
            return "its directory " + dir.string() + " " + *why + kOnlyYou;
        }
        if (dir == dir.root_path()) return std::nullopt;
    }
}

/// Reads `out.size()` objects at `offset`; false if the file ends before.
template <class T>
bool read_at(int fd, std::uint64_t offset, std::vector<T>& out) {
    const std::size_t bytes = out.size() * sizeof(T);
    return pread(fd, out.data(), bytes, static_cast<off_t>(offset)) == static_cast<ssize_t>(bytes);
}

bool fits(std::uint64_t offset, std::uint64_t bytes, std::uint64_t size) noexcept {
    return offset <= size && bytes <= size - offset;
}

/// Does the file hold all that its head announces? The dynamic linker maps what is announced, and
/// the first access to a page that is not there would kill the process.
bool is_whole(int fd, const Elf64_Ehdr& head, std::uint64_t size) {
    std::vector<Elf64_Phdr> segments(head.e_phnum);
    std::vector<Elf64_Shdr> sections(head.e_shnum);
    if (head.e_phentsize != sizeof(Elf64_Phdr) ||
        (head.e_shnum != 0 && head.e_shentsize != sizeof(Elf64_Shdr)) ||
        !fits(head.e_phoff, segments.size() * sizeof(Elf64_Phdr), size) ||
        !fits(head.e_shoff, sections.size() * sizeof(Elf64_Shdr), size) ||
        !read_at(fd, head.e_phoff, segments) || !read_at(fd, head.e_shoff, sections)) {
        return false;
    }
    return std::all_of(
               segments.begin(), segments.end(),
               [size](const Elf64_Phdr& s) { return fits(s.p_offset, s.p_filesz, size); }) &&
           std::all_of(sections.begin(), sections.end(), [size](const Elf64_Shdr& s) {
               return s.sh_type == SHT_NOBITS || fits(s.sh_offset, s.sh_size, size);
           });
}

/// Looks into the file through a descriptor that was checked, not through the name again.
std::optional<std::string> wrong_format(int fd, std::uint64_t size) {
    std::vector<Elf64_Ehdr> heads(1);
    const Elf64_Ehdr& head = heads.front();
    const bool has_head = read_at(fd, 0, heads);
    if (std::memcmp(head.e_ident, ELFMAG, SELFMAG) != 0) {
        return "is not a shared library; remove it from the plugin directory or rename it";
    }
    if (!has_head) return "is cut short; install it again";
    if (head.e_ident[EI_CLASS] != ELFCLASS64 || head.e_ident[EI_DATA] != ELFDATA2LSB ||
        head.e_machine != kMachine) {
        return std::string("is built for another processor than this program (") + kMachineName +
               "); get the plugin for this one";
    }
    if (head.e_type != ET_DYN) {
        return "is an ELF file but not a shared library; build it with -shared -fPIC";
    }
    if (!is_whole(fd, head, size)) return "is cut short or damaged; install it again";
    return std::nullopt;
}

}  // namespace

std::optional<LoadError> check_file(const fs::path& path) {
    const auto refuse = [&](LoadStage stage, std::string message) {
        return LoadError{path.string(), stage, std::move(message)};
    };
    struct Descriptor {
        int fd;
        ~Descriptor() {
            if (fd >= 0) close(fd);
        }
    } file{open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW)};
    if (file.fd < 0) {
        if (errno == ENOENT) return refuse(LoadStage::file, "does not exist; check the path");
        return refuse(LoadStage::file,
                      "cannot be opened: " + reason(errno) + "; check its permissions");
    }
    struct stat info {};
    if (fstat(file.fd, &info) != 0) {
        return refuse(LoadStage::file, "cannot be examined: " + reason(errno));
    }
    if (!S_ISREG(info.st_mode)) {
        return refuse(LoadStage::file,
                      std::string("is ") + (S_ISDIR(info.st_mode) ? "a directory" : "no file") +
                          ", not a shared library; remove it from the plugin directory or rename "
                          "it");
    }
    if (const auto why = unsafe(info, false)) {
        return refuse(LoadStage::permissions, *why + kOnlyYou);
    }
    if (const auto why = unsafe_parent(path)) return refuse(LoadStage::permissions, *why);
    if (const auto why = wrong_format(file.fd, static_cast<std::uint64_t>(info.st_size)))
        return refuse(LoadStage::format, *why);
    return std::nullopt;
}

}  // namespace tenon::plugin
