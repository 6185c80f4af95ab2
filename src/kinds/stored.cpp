#include "kinds/stored.hpp"

#include <utility>
#include <vector>

#include "kinds/registry.hpp"
#include "model/failure.hpp"

namespace pgschema::kinds {

namespace {

/// Of rows, or of the moment. (The place of a function is its OID, that of a grant is the order in which it was given.)
bool is_of_the_moment(Kind kind, std::string_view fact) {
  return fact == "bytes" || fact == "rows" || fact == "last_value" || fact == "identity_last_value" ||
         fact == "key_place" || (fact == "place" && kind != Kind::kPrivilege);
}

/// Each field is its length, a colon, and its bytes.
class Output {
 public:
  Output& field(std::string_view text) {
    out_ += cat(std::to_string(text.size()), ":", text);
    return *this;
  }
  Output& count(std::size_t number) { return field(std::to_string(number)); }
  Output& id(const ObjectId& id) { return field(stored_name(id.kind)).field(id.identity); }
  std::string text() && { return std::move(out_); }

 private:
  std::string out_;
};

class Input {
 public:
  explicit Input(std::string_view text) : rest_(text) {}

  bool at_end() const { return rest_.empty(); }
  std::string field() {
    const std::size_t size = number(until_colon());
    if (size > rest_.size()) fail();
    std::string out(rest_.substr(0, size));
    rest_.remove_prefix(size);
    return out;
  }
  std::size_t count() { return number(field()); }
  ObjectId id() {
    const std::string kind = field();
    return {kind_stored_as(kind), field()};
  }

 private:
  std::string_view until_colon() {
    const auto colon = rest_.find(':');
    if (colon == std::string_view::npos) fail();
    const std::string_view out = rest_.substr(0, colon);
    rest_.remove_prefix(colon + 1);
    return out;
  }
  static std::size_t number(std::string_view digits) {
    constexpr std::size_t kMost = 10;
    if (digits.empty() || digits.size() > kMost || digits.find_first_not_of("0123456789") != std::string_view::npos)
      fail();
    std::size_t out = 0;
    for (const char digit : digits) out = out * 10 + static_cast<std::size_t>(digit - '0');
    return out;
  }
  [[noreturn]] static void fail() {
    throw Failure("XX001", "an object that pgschema.history has kept cannot be read")
        .hint("Was pgschema.text changed?");
  }

  std::string_view rest_;
};

void write(Output& out, const Object& object, const Snapshot& in) {
  out.id(object.id).id(object.parent).field(object.schema).field(object.name);
  for (const auto* list : {&object.attributes, &object.facts}) {
    std::vector<std::pair<std::string_view, std::string_view>> kept;
    for (const auto& [name, value] : *list)
      if (list == &object.attributes || !is_of_the_moment(object.id.kind, name)) kept.emplace_back(name, value);
    out.count(kept.size());
    for (const auto& [name, value] : kept) out.field(name).field(value);
  }
  const auto& needs = in.needs(object.id);
  out.count(needs.size());
  for (const auto& edge : needs) out.id(edge.to).field(std::string_view(&edge.type, 1));
}

void read(Input& in, Snapshot& into) {
  Object object;
  object.id = in.id();
  object.parent = in.id();
  object.schema = in.field();
  object.name = in.field();
  for (auto* list : {&object.attributes, &object.facts})
    for (auto left = in.count(); left; --left) {
      std::string name = in.field();
      list->emplace(std::move(name), in.field());
    }
  for (auto left = in.count(); left; --left) {
    const ObjectId to = in.id();
    const std::string type = in.field();
    into.depend(object.id, to, type.empty() ? 'n' : type.front());
  }
  into.add(std::move(object));
}

}  // namespace

std::string stored(const ObjectId& root, const Snapshot& in) {
  Output out;
  for (const auto& id : in.family(root)) write(out, in.objects.at(id), in);
  return std::move(out).text();
}

void restore(std::string_view text, Snapshot& into) {
  for (Input in(text); !in.at_end();) read(in, into);
}

}  // namespace pgschema::kinds
