#include "shadow/alike.hpp"

#include <algorithm>
#include <unordered_map>

#include "script/quote.hpp"
#include "script/schema_name.hpp"

namespace pgschema::shadow {

namespace {

/// Everything under the name of another schema.
class Translation {
 public:
  Translation(const std::string& from, const std::string& to) : from_(from), to_(script::quote_identifier(to)) {}

  /// Whether the name stood anywhere where it may mean something else.
  bool doubtful() const { return doubtful_; }

  SharedText text(const SharedText& in) {
    if (in.text().find(from_) == std::string::npos && script::mentions_of(in.text(), from_) == 0) return in;
    const auto known = texts_.find(in.text());
    if (known != texts_.end()) return known->second;
    std::size_t found = 0;
    SharedText out = script::with_other_schema(in.text(), from_, to_, found);
    if (found != script::mentions_of(in.text(), from_)) doubtful_ = true;
    texts_.emplace(in.text(), out);
    return out;
  }

  ObjectId id(const ObjectId& in) { return {in.kind, text(in.identity)}; }

  Snapshot snapshot(const Snapshot& in) {
    Snapshot out;
    for (const auto& [id_of, object] : in.objects) out.add(this->object(object));
    for (const auto& edge : in.dependencies()) out.depend(id(edge.from), id(edge.to), edge.type);
    out.finish();
    return out;
  }

 private:
  Object object(const Object& in) {
    Object out = in;
    out.id = id(in.id);
    out.parent = id(in.parent);
    out.schema = text(in.schema);
    out.name = text(in.name);
    out.attributes = attributes(in.attributes);
    out.facts = attributes(in.facts);
    return out;
  }

  Attributes attributes(const Attributes& in) {
    Attributes out = in;
    for (const auto& [name, value] : in)
      if (const SharedText other = text(SharedText(value)); other.text() != value) out[name] = other;
    return out;
  }

  std::string from_, to_;
  std::unordered_map<std::string, SharedText> texts_;
  bool doubtful_ = false;
};

/// As far as it is compared.
bool same(const Snapshot& a, const Snapshot& b) {
  if (a.objects.size() != b.objects.size() || a.dependencies() != b.dependencies()) return false;
  return std::equal(a.objects.begin(), a.objects.end(), b.objects.begin(), [](const auto& one, const auto& other) {
    const Object &x = one.second, &y = other.second;
    return x.id == y.id && x.parent == y.parent && x.schema == y.schema && x.name == y.name &&
           x.attributes == y.attributes;
  });
}

/// The only one, and as it is in the catalog; in which there is nothing that the snapshots do not show.
std::optional<std::string> schema_of(const Scope& scope) {
  if (scope.names.size() != 1 || !scope.created.empty() || !scope.ignored.empty()) return {};
  return script::name_of_quoted(scope.names.front());
}

std::vector<std::string> statements_of(const Text& text) {
  std::vector<std::string> out;
  for (const auto& statement : text.statements)
    out.push_back(cat(statement.in_schema, ";", role_of(statement), ";", statement.sql));
  return out;
}

bool names(const std::vector<std::string>& statements, const std::string& schema) {
  return std::any_of(statements.begin(), statements.end(),
                     [&](const std::string& statement) { return script::mentions_of(statement, schema) != 0; });
}

/// Nothing that belongs to the database.
bool is_all_in(const std::string& quoted, const Snapshot& in) {
  return std::all_of(in.objects.begin(), in.objects.end(), [&](const auto& entry) {
    const Object& object = entry.second;
    return object.parent || (object.id.kind == Kind::kSchema ? object.name : object.schema).text() == quoted;
  });
}

}  // namespace

std::optional<Alike::Evaluation> Alike::find(const Scope& scope, const Text& text, const Snapshot& live,
                                             const std::string& search_path) {
  const auto schema = schema_of(scope);
  if (!known_ || !schema || *schema == known_->schema) return {};
  const auto statements = statements_of(text);
  if (statements != known_->statements || names(statements, *schema)) return {};
  std::size_t found = 0;
  const std::string quoted = script::quote_identifier(*schema);
  if (script::with_other_schema(known_->search_path, known_->schema, quoted, found) != search_path) {
    // A list of names is no text in which the name qualifies another.
    const std::string own = cat(script::quote_identifier(known_->schema), ",");
    if (!known_->search_path.starts_with(own) || cat(quoted, known_->search_path.substr(own.size() - 1)) != search_path)
      return {};
  }
  if (script::mentions_of(search_path, *schema) != 1) return {};
  Translation translation(known_->schema, *schema);
  if (!same(translation.snapshot(known_->live), live)) return {};
  Evaluation out{translation.snapshot(known_->evaluation.desired), {}};
  for (const auto& id : known_->evaluation.owners_left_out) out.owners_left_out.insert(translation.id(id));
  if (translation.doubtful()) return {};
  used_ = true;
  return out;
}

void Alike::keep(const Scope& scope, const Text& text, const Snapshot& live, const std::string& search_path,
                 const Evaluation& evaluation) {
  const auto schema = schema_of(scope);
  if (!schema || text.has_let_go() || schema->find('\'') != std::string::npos) return;
  auto statements = statements_of(text);
  const std::string& quoted = scope.names.front();
  if (names(statements, *schema) || script::mentions_of(search_path, *schema) != 1 || !is_all_in(quoted, live) ||
      !is_all_in(quoted, evaluation.desired))
    return;
  // It stands on something in the schema that is not looked at: what an extension has there.
  for (const auto& edge : evaluation.desired.dependencies())
    if (!evaluation.desired.has(edge.to) && script::mentions_of(edge.to.identity.text(), *schema) != 0) return;
  known_ = Known{*schema, search_path, std::move(statements), live, evaluation};
}

}  // namespace pgschema::shadow
