// Functions, procedures and aggregates.
#include <algorithm>

#include "kinds/families.hpp"
#include "kinds/registry.hpp"
#include "kinds/text.hpp"

namespace pgschema::kinds {

namespace {

/// Names, quoted as needed, between commas.
std::vector<std::string> split(const std::string& list) {
  std::vector<std::string> out(1);
  bool in_quotes = false;
  for (const char c : list) {
    if (c == '"') in_quotes = !in_quotes;
    if (c == ',' && !in_quotes)
      out.emplace_back();
    else
      out.back() += c;
  }
  return out;
}

/// CREATE OR REPLACE keeps everything of a function but what DEPENDS ON EXTENSION said (ProcedureCreate() deletes all
/// its dependencies).
void say_extensions_again(const Change& change, Alteration& alteration) {
  for (const auto& id : change.live.family(change.before.id))
    if (id.kind == Kind::kExtensionDependency && change.desired.has(id))
      for (auto& command : writer(id.kind).create(change.desired.objects.at(id), change.desired))
        alteration.commands.push_back(std::move(command));
}

/// Names may be given to arguments that have none; the name of an input argument stays. Those of several results are
/// the row type's.
bool names_compatible(const std::string& before, const std::string& after, const std::string& modes) {
  if (before == after) return true;
  const auto results =
      std::count_if(modes.begin(), modes.end(), [](char mode) { return mode == 'o' || mode == 'b' || mode == 't'; });
  if (results > 1) return false;
  if (before.empty()) return true;
  const auto was = split(before), is = split(after);
  for (std::size_t i = 0; i < was.size(); ++i)
    if (!was[i].empty() && (i >= is.size() || was[i] != is[i])) return false;
  return true;
}

class FunctionWriter final : public Writer {
 public:
  std::vector<Command> create(const Object& function, const Snapshot&) const override {
    return {{replace_prefix(replace_prefix(trimmed_end(function.get("definition")), "CREATE OR REPLACE FUNCTION",
                                           "CREATE FUNCTION"),
                            "CREATE OR REPLACE PROCEDURE", "CREATE PROCEDURE"),
             tag("CREATE", noun(function)),
             {},
             {}}};
  }

  std::vector<Command> drop(const Object& function, const Snapshot&) const override {
    return {{cat("DROP ", reference(function)), tag("DROP", noun(function)), {}, {}}};
  }

  /// What ProcedureCreate() in pg_proc.c refuses to replace: another kind, result, row type of OUT arguments,
  /// names of input arguments, or fewer defaults.
  std::optional<Alteration> alter(const Change& change) const override {
    const auto same = [&](std::string_view fact) { return change.before.fact(fact) == change.after.fact(fact); };
    if (!same("kind") || !same("result") || !same("set") || !same("argument_modes") || !same("all_types"))
      return std::nullopt;
    if (!names_compatible(change.before.fact("argument_names"), change.after.fact("argument_names"),
                          change.after.fact("argument_modes")))
      return std::nullopt;
    if (std::stoi(cat("0", change.before.fact("defaults"))) > std::stoi(cat("0", change.after.fact("defaults"))))
      return std::nullopt;
    Alteration out;
    out.commands.push_back({trimmed_end(change.after.get("definition")), tag("CREATE", noun(change.after)), {}, {}});
    say_extensions_again(change, out);
    return out;
  }

  std::vector<Danger> change_dangers(const Change& change) const override {
    if (change.before.fact("definer") == change.after.fact("definer")) return {};
    return {{Hazard::kAccess, cat(describe(change.after.id), " becomes SECURITY ",
                                  change.after.fact("definer") == "t" ? "DEFINER" : "INVOKER")}};
  }

  std::vector<Danger> drop_dangers(const Object& function, const Snapshot&) const override {
    return {{Hazard::kBreaking, cat(describe(function.id), " goes")}};
  }

 private:
  static std::string_view noun(const Object& function) {
    return function.id.kind == Kind::kProcedure ? "PROCEDURE" : "FUNCTION";
  }

  static std::string trimmed_end(const std::string& definition) {
    std::string_view text = definition;
    while (!text.empty() && text.back() == '\n') text.remove_suffix(1);
    return std::string(text);
  }
};

class AggregateWriter final : public Writer {
 public:
  std::vector<Command> create(const Object& aggregate, const Snapshot&) const override {
    return {write(aggregate, "CREATE AGGREGATE ")};
  }

  std::vector<Command> drop(const Object& aggregate, const Snapshot&) const override {
    return {{cat("DROP ", reference(aggregate)), "DROP AGGREGATE", {}, {}}};
  }

  std::optional<Alteration> alter(const Change& change) const override {
    if (!change.only({"definition"})) return std::nullopt;
    Alteration out{{write(change.after, "CREATE OR REPLACE AGGREGATE ")}, {}, false};
    say_extensions_again(change, out);
    return out;
  }

  std::vector<Danger> drop_dangers(const Object& aggregate, const Snapshot&) const override {
    return {{Hazard::kBreaking, cat(describe(aggregate.id), " goes")}};
  }

 private:
  static Command write(const Object& aggregate, std::string_view verb) {
    return {cat(verb, aggregate.schema, ".", aggregate.name, "(", aggregate.get("arguments"), ") (\n  ",
                aggregate.get("definition"), "\n)"),
            "CREATE AGGREGATE",
            {},
            {}};
  }
};

}  // namespace

const Writer& function_writer() {
  static const FunctionWriter writer;
  return writer;
}

const Writer& aggregate_writer() {
  static const AggregateWriter writer;
  return writer;
}

}  // namespace pgschema::kinds
