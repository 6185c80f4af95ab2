// The text of a body: which line a byte is on, and where a statement of it stands.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pgschema::bodies {

class Source {
 public:
  explicit Source(std::string text);

  const std::string& text() const { return text_; }
  /// From 1.
  int line_of(std::size_t byte) const;
  /// Where `statement`, which begins on this line or after it, stands; nothing where PL/pgSQL has written it anew. It puts spaces in
  /// the place of INTO and its targets.
  std::optional<std::size_t> find(std::string_view statement, int line) const;

 private:
  std::string text_;
  std::vector<std::size_t> lines_;  // where each begins
};

}  // namespace pgschema::bodies
