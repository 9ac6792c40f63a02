// laurel::top_k_rows: the k largest numbers of each row, largest first, and their places; of equal ones the first comes
// first. One pass that looks at a block of numbers only where one of them is above the k-th largest so far.
// Float32 on the CPU; aten::topk elsewhere, whose order of equal numbers is its own.
#include "fused.h"

#include <limits>
#include <tuple>
#include <vector>

namespace laurel {
namespace {

constexpr int64_t kTopBlock = 4 * kLanes;

struct Ranked {
  float value;
  int64_t place;
};

// NaN before everything, as in aten::topk.
inline bool isBefore(const Ranked& a, const Ranked& b) {
  const bool oneIsNan = std::isnan(a.value), otherIsNan = std::isnan(b.value);
  if (oneIsNan != otherIsNan) return oneIsNan;
  if (!oneIsNan && a.value != b.value) return a.value > b.value;
  return a.place < b.place;
}

LAUREL_KERNELS_BEGIN

// Where the next block begins that holds a number not below or equal to `least`; `count` where none does.
LAUREL_KERNEL int64_t nextBlock(const float* row, int64_t from, int64_t count, float least) {
  for (; from + kTopBlock <= count; from += kTopBlock) {
    int32_t above = 0;
    for (int64_t i = 0; i < kTopBlock; i++) above |= !(row[from + i] <= least);
    if (above) return from;
  }
  return from;
}

LAUREL_KERNELS_END

// Keeps the first `k` of the candidates; returns the value that another one must exceed.
float keepBest(std::vector<Ranked>& candidates, int64_t k) {
  if (static_cast<int64_t>(candidates.size()) < k) return -std::numeric_limits<float>::infinity();
  std::nth_element(candidates.begin(), candidates.begin() + (k - 1), candidates.end(), isBefore);
  candidates.resize(static_cast<size_t>(k));
  return candidates.back().value;
}

void topOfRow(const float* row, int64_t count, int64_t k, std::vector<Ranked>& candidates, float* values, int64_t* places) {
  candidates.clear();
  const auto room = static_cast<size_t>(4 * k);
  bool isFull = false;
  float least = 0;
  for (int64_t start = 0; start < count;) {
    if (isFull) start = nextBlock(row, start, count, least);
    const int64_t end = std::min(count, start + kTopBlock);
    for (int64_t i = start; i < end; i++) {
      if (isFull && row[i] <= least) continue;
      candidates.push_back({row[i], i});
      if (candidates.size() < room) continue;
      least = keepBest(candidates, k);
      isFull = true;
    }
    start = end;
  }
  keepBest(candidates, k);
  std::sort(candidates.begin(), candidates.end(), isBefore);
  for (int64_t i = 0; i < k; i++) {
    values[i] = candidates[static_cast<size_t>(i)].value;
    places[i] = candidates[static_cast<size_t>(i)].place;
  }
}

std::tuple<at::Tensor, at::Tensor> topKRows(const at::Tensor& x, int64_t k) {
  TORCH_CHECK(x.dim() == 2 && k > 0 && k <= x.size(1), "expected x [N, V] and k in 1 … V, found ", x.sizes(), " and ", k);
  const at::NoGradGuard withoutGradient;
  if (!isPlainFloat(x)) return at::topk(x, k);
  const at::Tensor rows = x.contiguous();
  const int64_t count = rows.size(1);
  at::Tensor values = at::empty({rows.size(0), k}, rows.options());
  at::Tensor places = at::empty({rows.size(0), k}, rows.options().dtype(at::kLong));
  const float* const from = rows.data_ptr<float>();
  float* const value = values.data_ptr<float>();
  int64_t* const place = places.data_ptr<int64_t>();
  at::parallel_for(0, rows.size(0), rowsPerTask(4 * count), [&](int64_t begin, int64_t end) {
    std::vector<Ranked> candidates;
    candidates.reserve(static_cast<size_t>(4 * k));
    for (int64_t row = begin; row < end; row++)
      topOfRow(from + row * count, count, k, candidates, value + row * k, place + row * k);
  });
  return {values, places};
}

const auto topLibrary = defineOnce("top_k_rows", [](torch::Library& library) {
  library.def("top_k_rows(Tensor x, int k) -> (Tensor values, Tensor places)", topKRows);
});

}  // namespace
}  // namespace laurel
