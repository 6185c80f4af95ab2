// Any text becomes statements whose parts lie where they should, or a Failure that carries its place.
#include <cstdlib>

#include "model/failure.hpp"
#include "script/script.hpp"

using namespace pgschema;

namespace {

void must(bool holds) {
  if (!holds) std::abort();
}

void look_at(const script::Script& parsed, std::string_view given) {
  must(parsed.text.size() == given.size());
  std::size_t after = 0;
  for (const auto& statement : parsed.statements) {
    must(after <= statement.begin && statement.begin < statement.end && statement.end <= given.size());
    after = statement.end;
    must(statement.line >= 1 && statement.file < parsed.files.size());
    std::size_t inside = statement.begin;
    must(!parsed.tokens_of(statement).empty());
    for (const auto& token : parsed.tokens_of(statement)) {
      must(inside <= token.begin && token.begin < token.end && token.end <= statement.end);
      must(token.kind != script::TokenKind::kComment);
      inside = token.end;
      if (token.kind == script::TokenKind::kWord || token.kind == script::TokenKind::kQuoted)
        must(script::name_of(parsed.text, token).size() <= 63 || parsed.text[token.begin] != '"');
    }
    for (const auto& directive : parsed.directives_of(statement)) must(script::is_beside(directive.kind));
    must(!parsed.context_of(statement).empty());
    must(!script::normalized(parsed, statement).empty());
  }
  for (const auto& directive : parsed.standalone) must(!script::is_beside(directive.kind));
  for (const auto& left_out : parsed.not_run) must(left_out.begin < given.size() && left_out.line >= 1);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    look_at(script::parse(text), text);
  } catch (const Failure& failure) {
    must(failure.sqlstate() == sqlstate::kSyntaxError || failure.sqlstate() == sqlstate::kProgramLimit);
    must(!failure.context().empty());
  }
  const auto characters = script::characters_before(text, size);
  must(characters <= size && script::byte_of_character(text, characters) == size);
  return 0;
}
