// Failure: an expected failure with everything a PostgreSQL error report carries.
//
// Thrown by code that does not see the server (and by code that does, for its own errors); `pg::entry`
// turns it into an ereport(). An error that the server itself raised is a `pg::Error` instead.
//
//     throw Failure("42P01", cat("view ", name, " does not exist")).hint("Create it first.");
#pragma once

#include <exception>
#include <string>
#include <string_view>
#include <utility>

namespace pgschema {

/// Concatenates its arguments (std::format is not in libstdc++ 12).
template <typename... Parts>
std::string cat(const Parts&... parts) {
  std::string out;
  const std::string_view views[] = {std::string_view(parts)...};
  std::size_t size = 0;
  for (auto view : views) size += view.size();
  out.reserve(size);
  for (auto view : views) out.append(view);
  return out;
}

class Failure : public std::exception {
 public:
  /// `sqlstate` is the five characters of the code, as in PostgreSQL's appendix "Error Codes".
  Failure(std::string_view sqlstate, std::string message) : sqlstate_(sqlstate), message_(std::move(message)) {}

  Failure& detail(std::string text) {
    detail_ = std::move(text);
    return *this;
  }
  Failure& hint(std::string text) {
    hint_ = std::move(text);
    return *this;
  }
  Failure& context(std::string text) {
    context_ = std::move(text);
    return *this;
  }

  const char* what() const noexcept override { return message_.c_str(); }
  const std::string& sqlstate() const { return sqlstate_; }
  const std::string& message() const { return message_; }
  const std::string& detail() const { return detail_; }
  const std::string& hint() const { return hint_; }
  const std::string& context() const { return context_; }

 private:
  std::string sqlstate_, message_, detail_, hint_, context_;
};

namespace sqlstate {
inline constexpr std::string_view kFeatureNotSupported = "0A000";
inline constexpr std::string_view kInvalidParameter = "22023";
inline constexpr std::string_view kDependentObjects = "2BP01";
inline constexpr std::string_view kSyntaxError = "42601";
inline constexpr std::string_view kUndefinedObject = "42704";
inline constexpr std::string_view kUndefinedFile = "58P01";
inline constexpr std::string_view kAmbiguousName = "42725";
inline constexpr std::string_view kInsufficientPrivilege = "42501";
inline constexpr std::string_view kInsufficientResources = "53000";
inline constexpr std::string_view kActiveTransaction = "25001";
inline constexpr std::string_view kObjectNotReady = "55000";
inline constexpr std::string_view kLockNotAvailable = "55P03";
inline constexpr std::string_view kUnsafeNewEnumValue = "55P04";
inline constexpr std::string_view kSerialization = "40001";
inline constexpr std::string_view kDeadlock = "40P01";
inline constexpr std::string_view kProgramLimit = "54000";
inline constexpr std::string_view kReadOnly = "25006";
inline constexpr std::string_view kInternal = "XX000";
}  // namespace sqlstate

}  // namespace pgschema
