// laurel::top_k_rows: the k largest numbers of each row, largest first, and their places; of equal ones the first comes
// first. One pass that looks at a block of numbers only where one of them is above the k-th largest so far.
// Float32 on the CPU; aten::topk elsewhere, whose order of equal numbers is its own.
#include "fused.h"

#include <functional>
#include <tuple>
#include <vector>

namespace laurel {
namespace {

constexpr int64_t kTopBlock = 4 * kLanes;

// Number and place as one whole number, the larger the earlier: the order of floats is that of their bits with the sign
// turned into an offset. NaN comes before everything, as in aten::topk, and −0 counts as 0.
inline uint64_t keyOf(float value, int64_t place) {
  const float positive = value + 0.0f;
  uint32_t bits;
  std::memcpy(&bits, &positive, sizeof(bits));
  if (std::isnan(value)) bits = 0x7fffffffu;
  bits = (bits & 0x80000000u) ? ~bits : (bits | 0x80000000u);
  return (static_cast<uint64_t>(bits) << 32) | (0xffffffffu - static_cast<uint32_t>(place));
}

inline int64_t placeOf(uint64_t key) { return 0xffffffffu - static_cast<uint32_t>(key); }

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

using Keys = std::vector<uint64_t>;

// Keeps the `k` earliest keys; returns the last one's number.
float keepBest(Keys& keys, int64_t k, const float* row) {
  if (static_cast<int64_t>(keys.size()) > k) {
    std::nth_element(keys.begin(), keys.begin() + (k - 1), keys.end(), std::greater<uint64_t>());
    keys.resize(static_cast<size_t>(k));
  }
  return row[placeOf(keys[static_cast<size_t>(k - 1)])];
}

void topOfRow(const float* row, int64_t count, int64_t k, Keys& keys, float* values, int64_t* places) {
  keys.clear();
  const auto room = static_cast<size_t>(4 * k);
  bool isFull = false;
  float least = 0;
  for (int64_t start = 0; start < count;) {
    if (isFull) start = nextBlock(row, start, count, least);
    const int64_t end = std::min(count, start + kTopBlock);
    for (int64_t i = start; i < end; i++) {
      if (isFull && row[i] <= least) continue;
      keys.push_back(keyOf(row[i], i));
      if (keys.size() < room) continue;
      least = keepBest(keys, k, row);
      isFull = true;
    }
    start = end;
  }
  keepBest(keys, k, row);
  std::sort(keys.begin(), keys.end(), std::greater<uint64_t>());
  for (int64_t i = 0; i < k; i++) {
    places[i] = placeOf(keys[static_cast<size_t>(i)]);
    values[i] = row[places[i]];
  }
}

std::tuple<at::Tensor, at::Tensor> topKRows(const at::Tensor& x, int64_t k) {
  TORCH_CHECK(x.dim() == 2 && k > 0 && k <= x.size(1) && x.size(1) < (int64_t{1} << 32), "expected x [N, V] and k in 1 … V, found ", x.sizes(), " and ", k);
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
    Keys keys;
    keys.reserve(static_cast<size_t>(4 * k));
    for (int64_t row = begin; row < end; row++)
      topOfRow(from + row * count, count, k, keys, value + row * k, place + row * k);
  });
  return {values, places};
}

const auto topLibrary = defineOnce("top_k_rows", [](torch::Library& library) {
  library.def("top_k_rows(Tensor x, int k) -> (Tensor values, Tensor places)", topKRows);
});

}  // namespace
}  // namespace laurel
