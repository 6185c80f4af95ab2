#include "functions/body_hazards.hpp"

#include "bodies/deeper.hpp"
#include "bodies/search_words.hpp"
#include "catalog/address.hpp"
#include "kinds/registry.hpp"
#include "shadow/quiet.hpp"

extern "C" {
#include "catalog/pg_proc.h"
}

namespace pgschema::functions {

namespace {

using catalog::Address;

/// What goes, or is another thing afterwards, under the names that it has now.
std::set<ObjectId> broken(const shadow::Outcome& outcome, const plan::Document& document) {
  std::set<ObjectId> out;
  for (const auto& hazard : document.hazards)
    if (hazard.hazard == kinds::Hazard::kBreaking && hazard.object) out.insert(outcome.before_renames(hazard.object));
  for (const auto& [from, to] : outcome.renamed) out.insert(from);
  return out;
}

/// It goes, or it is written anew: then it is not what it is now that matters.
bool is_other(const shadow::Outcome& outcome, const ObjectId& function) {
  const Object* before = outcome.live.find(function);
  if (!before) return false;
  const Object* after = outcome.desired.find(function);
  return !after || after->attributes != before->attributes;
}

using Lines = std::map<std::pair<ObjectId, ObjectId>, std::set<int>>;  // by function and what it uses

Lines uses(const shadow::Outcome& outcome, const std::set<ObjectId>& of) {
  const auto words = bodies::words_for(of, outcome.live, outcome.desired);
  std::set<Address> functions;
  for (const Oid oid : bodies::with_bodies(words ? &*words : nullptr)) functions.insert({ProcedureRelationId, oid, 0});
  Lines out;
  for (const auto& [address, function] : catalog::locate(functions)) {
    if (is_other(outcome, function.id)) continue;
    const auto references = bodies::read_body(address.objid, outcome.search_path).references;
    std::set<Address> wanted;
    for (const auto& reference : references)
      for (const int32 column : {reference.to.subid, 0})
        wanted.insert({reference.to.classid, reference.to.objid, column});
    const auto located = catalog::locate(wanted);
    for (const auto& reference : references) {
      if (reference.certainty != bodies::Certainty::kCertain) continue;
      for (const int32 column : {0, reference.to.subid}) {
        const auto found = located.find({reference.to.classid, reference.to.objid, column});
        if (found == located.end() || !of.count(found->second.id)) continue;
        out[{function.id, found->second.id}].insert(reference.line);
        break;
      }
    }
  }
  return out;
}

std::string listed(const std::set<int>& lines) {
  std::string out;
  for (const int line : lines) out += (out.empty() ? "" : ", ") + std::to_string(line);
  return out;
}

/// What is wrong with a function already, by its messages.
std::set<std::string> messages_now(const ObjectId& function, const std::string& search_path, bool& exists) {
  std::set<std::string> out;
  const Oid oid = bodies::function_called(function.identity);
  exists = OidIsValid(oid);
  if (exists)
    for (const auto& problem : bodies::certain_problems(oid, search_path)) out.insert(problem.message);
  return out;
}

}  // namespace

void add_body_hazards(const shadow::Outcome& outcome, plan::Document& document) {
  const auto of = broken(outcome, document);
  if (of.empty() && outcome.body_problems.empty()) return;
  const shadow::Quiet quiet;
  std::set<std::pair<ObjectId, int>> told;
  if (!of.empty())
    for (const auto& [ends, lines] : uses(outcome, of)) {
      const auto& [function, used] = ends;
      for (const int line : lines) told.emplace(function, line);
      const std::string text = cat(kinds::describe(function), " line ", listed(lines), " uses ", kinds::describe(used));
      document.hazards.push_back({kinds::Hazard::kBody, function, text});
      for (auto& step : document.plan.steps)
        if (outcome.before_renames(step.object) == used) {
          step.dangers.push_back({kinds::Hazard::kBody, text});
          break;
        }
    }
  std::map<ObjectId, std::set<std::string>> now;
  for (const auto& problem : outcome.body_problems) {
    const ObjectId function = outcome.before_renames(problem.function);
    if (told.count({function, problem.line})) continue;
    bool exists = true;
    if (!now.count(function)) now[function] = messages_now(function, outcome.search_path, exists);
    if (!exists || now.at(function).count(problem.message)) continue;
    document.hazards.push_back(
        {kinds::Hazard::kBody, function,
         cat(kinds::describe(function), " line ", std::to_string(problem.line), ": ", problem.message)});
  }
}

}  // namespace pgschema::functions
