#include "kept-sets.h"

#include <algorithm>
#include <unordered_map>

namespace laurel {
namespace {

// Rows of one set from which on a product by BLAS, with its rows laid side by side, is faster.
constexpr int64_t kLeastShared = 8;

bool haveSameSet(const Kept& kept, int64_t a, int64_t b) {
  const int64_t count = kept.count(a);
  const int32_t* const ids = kept.ids.data();
  return kept.count(b) == count && std::equal(ids + kept.first(a), ids + kept.first(a) + count, ids + kept.first(b));
}

uint64_t hashOfSet(const Kept& kept, int64_t row) {
  uint64_t hash = 1469598103934665603u;
  for (int64_t j = kept.first(row); j < kept.first(row + 1); j++)
    hash = (hash ^ static_cast<uint64_t>(kept.ids[static_cast<size_t>(j)])) * 1099511628211u;
  return hash;
}

// Sorts rows into those that share a set with enough others and those that do not.
void findShared(Kept& kept) {
  const int64_t rows = static_cast<int64_t>(kept.offsets.size()) - 1;
  std::unordered_map<uint64_t, std::vector<size_t>> known;
  std::vector<std::vector<int64_t>> groups;
  for (int64_t row = 0; row < rows; row++) {
    auto& alike = known[hashOfSet(kept, row)];
    const auto found = std::find_if(alike.begin(), alike.end(), [&](size_t group) {
      return haveSameSet(kept, groups[group].front(), row);
    });
    if (found != alike.end()) {
      groups[*found].push_back(row);
    } else {
      alike.push_back(groups.size());
      groups.push_back({row});
    }
  }
  for (auto& group : groups) {
    if (static_cast<int64_t>(group.size()) >= kLeastShared) kept.shared.push_back(std::move(group));
    else kept.alone.insert(kept.alone.end(), group.begin(), group.end());
  }
}

}  // namespace

Kept keptOf(const at::Tensor& padded, int64_t vocabulary) {
  const at::Tensor given = padded.contiguous();
  const int64_t rows = given.size(0), width = given.size(1);
  const int64_t* const from = given.data_ptr<int64_t>();
  Kept kept;
  kept.offsets.push_back(0);
  for (int64_t row = 0; row < rows; row++) {
    for (int64_t j = row * width; j < (row + 1) * width; j++) {
      TORCH_CHECK(from[j] < vocabulary, "token ", from[j], " is none of ", vocabulary);
      if (from[j] >= 0) kept.ids.push_back(static_cast<int32_t>(from[j]));
    }
    TORCH_CHECK(kept.ids.size() < size_t{1} << 31, "more than 2^31 kept tokens");
    kept.offsets.push_back(static_cast<int32_t>(kept.ids.size()));
  }
  findShared(kept);
  return kept;
}

}  // namespace laurel
