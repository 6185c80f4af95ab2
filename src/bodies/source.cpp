#include "bodies/source.hpp"

#include <algorithm>

namespace pgschema::bodies {

Source::Source(std::string text) : text_(std::move(text)), lines_{0} {
  for (std::size_t i = 0; i < text_.size(); ++i)
    if (text_[i] == '\n') lines_.push_back(i + 1);
}

int Source::line_of(std::size_t byte) const {
  return static_cast<int>(std::upper_bound(lines_.begin(), lines_.end(), byte) - lines_.begin());
}

std::optional<std::size_t> Source::find(std::string_view statement, int line) const {
  if (statement.empty() || line < 1 || static_cast<std::size_t>(line) > lines_.size()) return std::nullopt;
  const auto matches = [&](std::size_t at) {
    if (at + statement.size() > text_.size()) return false;
    for (std::size_t i = 0; i < statement.size(); ++i)
      if (statement[i] != ' ' && statement[i] != text_[at + i]) return false;
    return true;
  };
  for (std::size_t at = lines_[static_cast<std::size_t>(line) - 1]; at + statement.size() <= text_.size(); ++at)
    if (text_[at] == statement[0] && matches(at)) return at;
  return std::nullopt;
}

}  // namespace pgschema::bodies
