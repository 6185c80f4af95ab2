#include "model/attributes.hpp"

#include <algorithm>
#include <memory>
#include <new>

namespace pgschema {

namespace {

bool by_name(const Attributes::Entry& a, const Attributes::Entry& b) { return *a.name < *b.name; }

}  // namespace

const std::string& Attributes::name(std::string_view text) {
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view key) const { return std::hash<std::string_view>()(key); }
  };
  static auto* names = new std::unordered_set<std::string, Hash, std::equal_to<>>();
  const auto found = names->find(text);
  return found != names->end() ? *found : *names->emplace(text).first;
}

Attributes::Attributes(std::initializer_list<std::pair<std::string_view, std::string_view>> list) {
  for (const auto& [name_of_one, value] : list) emplace(name_of_one, value);
}

Attributes::Attributes(std::vector<Entry>& entries) {
  std::sort(entries.begin(), entries.end(), by_name);
  if (!entries.empty()) {
    block_ = make(entries.size());
    std::uninitialized_move(entries.begin(), entries.end(), block_->entries());
  }
  entries.clear();
}

Attributes::Block* Attributes::make(std::size_t count) {
  static_assert(sizeof(Block) % alignof(Entry) == 0);
  return new (::operator new(sizeof(Block) + count * sizeof(Entry))) Block{1, static_cast<std::uint32_t>(count)};
}

void Attributes::release(Block* block) {
  if (!block || --block->owners != 0) return;
  std::destroy_n(block->entries(), block->count);
  ::operator delete(block);
}

std::vector<Attributes::Entry> Attributes::entries() const {
  return block_ ? std::vector<Entry>(block_->entries(), block_->entries() + block_->count) : std::vector<Entry>();
}

bool Attributes::operator==(const Attributes& other) const {
  if (block_ == other.block_) return true;
  if (!block_ || !other.block_ || block_->count != other.block_->count) return false;
  return std::equal(block_->entries(), block_->entries() + block_->count, other.block_->entries(),
                    [](const Entry& a, const Entry& b) { return a.name == b.name && a.value == b.value; });
}

const SharedText* Attributes::find(std::string_view name_of_one) const {
  if (!block_) return nullptr;
  const Entry* entry = block_->entries();
  for (const Entry* const end = entry + block_->count; entry != end; ++entry)
    if (*entry->name == name_of_one) return &entry->value;
  return nullptr;
}

SharedText& Attributes::operator[](std::string_view name_of_one) {
  std::vector<Entry> all = entries();
  const std::string* key = &name(name_of_one);
  if (!contains(name_of_one)) all.push_back({key, {}});
  *this = Attributes(all);
  return const_cast<SharedText&>(*find(name_of_one));
}

void Attributes::emplace(std::string_view name_of_one, SharedText value) {
  if (!contains(name_of_one)) (*this)[name_of_one] = std::move(value);
}

void Attributes::erase(std::string_view name_of_one) {
  if (!contains(name_of_one)) return;
  std::vector<Entry> all = entries();
  std::erase_if(all, [&](const Entry& entry) { return *entry.name == name_of_one; });
  *this = Attributes(all);
}

}  // namespace pgschema
