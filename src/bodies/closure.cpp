#include "bodies/closure.hpp"

#include <algorithm>
#include <deque>

#include "bodies/body.hpp"
#include "script/quote.hpp"
#include "shadow/quiet.hpp"

extern "C" {
#include "catalog/pg_proc.h"
}

namespace pgschema::bodies {

using catalog::Address;
using catalog::Located;
using catalog::RawDependency;

namespace {

/// The name as a body would have it: the last part of an identity, without arguments, brackets or what it stands on.
std::string word_of(const Located& located) {
  std::string identity(located.id.identity.text());
  if (const auto on = identity.find(" on "); on != std::string::npos) identity.resize(on);
  if (const auto arguments = identity.find('('); arguments != std::string::npos && arguments > 0 && identity[0] != '"')
    identity.resize(arguments);
  if (identity.size() > 2 && identity.compare(identity.size() - 2, 2, "[]") == 0) identity.resize(identity.size() - 2);
  return script::name_of_quoted(script::last_part(identity));
}

}  // namespace

const char* word_for_dependency(char type) {
  switch (type) {
    case 'a': return "auto";
    case 'i': return "internal";
    case 'P':
    case 'S': return "partition";
    case kInBody: return "body";
    default: return "normal";
  }
}

Closure::Closure(const Located& start, Direction direction, const std::string& search_path)
    : start_(start), direction_(direction), shown_{start.whole} {
  const std::set<Address> seed{start.whole};
  info_ = catalog::locate(seed);
  add(direction == Direction::kDependents ? catalog::dependents_closure(seed) : catalog::dependencies_closure(seed));
  if (start_.whole.subid != 0) {  // a body may use a column by its place
    const Address table{start_.whole.classid, start_.whole.objid, 0};
    for (const auto& [address, located] : catalog::locate({table})) table_ = word_of(located);
  }
  if (direction == Direction::kDependents)
    add_bodies_upward(search_path);
  else
    add_bodies_downward(search_path);
  walk();
}

Address Closure::key(const Address& address) const {
  const auto known = wholes_.find(address);
  Address out = known == wholes_.end() ? address : known->second;
  // A column stands for its relation, unless it is the column that was asked for.
  if (out.subid != 0 && out != start_.whole) out.subid = 0;
  return out;
}

void Closure::add(std::vector<RawDependency> edges) {
  std::set<Address> all, fresh;
  for (const auto& edge : edges)
    for (const auto& end : {edge.from, edge.to})
      if (!wholes_.count(end)) all.insert(end);
  wholes_.merge(catalog::wholes(all));
  for (const auto& edge : edges)
    for (const auto& end : {edge.from, edge.to})
      if (const Address address = key(end); !info_.count(address)) fresh.insert(address);
  info_.merge(catalog::locate(fresh));
  for (const auto& edge : edges) {
    Address from = key(edge.from), to = key(edge.to);
    if (from == to || !info_.count(from) || !info_.count(to)) continue;
    if (direction_ == Direction::kDependents) std::swap(from, to);
    shown_.insert(from);
    shown_.insert(to);
    auto& list = edges_[from];
    if (std::none_of(list.begin(), list.end(), [&](const Edge& one) { return one.to == to; }))
      list.push_back({to, edge.type});
  }
}

/// Functions whose body has the name of something that is reached are read; what refers to it in truth is reached too, and what
/// depends on that.
void Closure::add_bodies_upward(const std::string& search_path) {
  std::map<Oid, std::vector<Address>> read;
  std::set<std::string> asked;
  std::set<Address> followed;
  for (;;) {
    std::vector<std::string> words;
    bool any = false;  // nothing in a body tells of a cast
    for (const auto& address : shown_) {
      const Located& located = info_.at(address);
      const std::string word = located.id.kind == Kind::kCast ? "" : word_of(located);
      if (!asked.insert(word).second) continue;
      words.push_back(word);
      any = any || word.empty();
    }
    if (start_.whole.subid != 0 && asked.insert(table_).second) words.push_back(table_);
    if (!words.empty()) {
      const auto functions = with_bodies(any ? nullptr : &words);
      const shadow::Quiet quiet;
      for (const Oid function : functions) {
        if (read.count(function)) continue;
        auto& to = read[function];
        for (const auto& reference : read_body(function, search_path).references) to.push_back(reference.to);
      }
    }
    std::vector<RawDependency> edges;
    std::set<Address> fresh;
    for (const auto& [function, references] : read)
      for (const auto& to : references) {
        const Address at = key(to);
        if (!shown_.count(at) && !shown_.count(to)) continue;
        const Address from{ProcedureRelationId, function, 0};
        edges.push_back({from, to, kInBody});
        if (followed.insert(from).second) fresh.insert(from);
      }
    add(std::move(edges));
    if (fresh.empty()) return;
    add(catalog::dependents_closure(fresh));
  }
}

void Closure::add_bodies_downward(const std::string& search_path) {
  std::set<Address> read;
  for (;;) {
    std::vector<RawDependency> edges;
    std::set<Address> fresh;
    {
      const shadow::Quiet quiet;
      for (const auto& address : shown_) {
        if (address.classid != ProcedureRelationId || !read.insert(address).second) continue;
        if (info_.at(address).extension_member) continue;
        for (const auto& reference : read_body(address.objid, search_path).references) {
          edges.push_back({address, reference.to, kInBody});
          fresh.insert(reference.to);
        }
      }
    }
    if (edges.empty()) return;
    add(std::move(edges));
    add(catalog::dependencies_closure(fresh));
  }
}

void Closure::walk() {
  std::deque<Address> queue{start_.whole};
  reached_[start_.whole].from = start_.whole;
  while (!queue.empty()) {
    const Address at = queue.front();
    queue.pop_front();
    const int depth = reached_.at(at).depth + 1;
    for (const auto& [next, type] : edges(at))
      if (reached_.emplace(next, Reached{depth, type, at}).second) queue.push_back(next);
  }
}

const std::vector<Closure::Edge>& Closure::edges(const Address& from) const {
  static const std::vector<Edge> none;
  const auto known = edges_.find(from);
  return known == edges_.end() ? none : known->second;
}

std::vector<std::string> Closure::path_to(Address address) const {
  std::vector<std::string> path;
  for (; !is_start(address); address = reached_.at(address).from)
    path.emplace_back(info_.at(address).id.identity.text());
  path.emplace_back(start_.id.identity.text());
  std::reverse(path.begin(), path.end());
  return path;
}

}  // namespace pgschema::bodies
