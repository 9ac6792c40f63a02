#include "set-products.h"

#include "fused.h"

namespace laurel {
namespace {

LAUREL_KERNELS_BEGIN

// One sum by lanes for each of `kCount` rows of the head, whose loads of x they share.
template <int64_t kCount>
LAUREL_INLINE void dots(const float* x, const float* head, const int32_t* ids, int64_t width, float* y) {
  Lanes sums[kCount] = {};
  const float* rows[kCount];
  for (int64_t k = 0; k < kCount; k++) rows[k] = head + ids[k] * width;
  int64_t i = 0;
  for (; i + kLanes <= width; i += kLanes)
    for (int64_t k = 0; k < kCount; k++) sums[k] += lanesAt(x + i) * lanesAt(rows[k] + i);
  for (int64_t k = 0; k < kCount; k++) {
    float rest = 0;
    for (int64_t c = i; c < width; c++) rest += x[c] * rows[k][c];
    y[k] = sumOf(sums[k]) + rest;
  }
}

LAUREL_KERNEL void dotsOfSet(const float* x, const float* head, const int32_t* ids, int64_t count, int64_t width,
                             float* y) {
  int64_t j = 0;
  for (; j + 4 <= count; j += 4) dots<4>(x, head, ids + j, width, y + j);
  for (; j < count; j++) dots<1>(x, head, ids + j, width, y + j);
}

// Numbers whose sum is taken in float32: a large one among them hides few small ones.
constexpr int64_t kSumBlock = 16 * kLanes;

LAUREL_KERNEL float logSumExpOf(const float* x, int64_t count, float* scratch) {
  float most = x[0];
  for (int64_t i = 1; i < count; i++) most = x[i] > most ? x[i] : most;
  for (int64_t i = 0; i < count; i++) scratch[i] = exponential(x[i] - most);
  double sum = 0;
  int64_t i = 0;
  for (; i + kSumBlock <= count; i += kSumBlock) {
    Lanes sums = lanesAt(scratch + i);
    for (int64_t lane = kLanes; lane < kSumBlock; lane += kLanes) sums += lanesAt(scratch + i + lane);
    sum += sumOf(sums);
  }
  for (; i < count; i++) sum += scratch[i];
  return most + static_cast<float>(std::log(sum));
}

LAUREL_KERNELS_END

}  // namespace

void multiplySets(const at::Tensor& states, const at::Tensor& head, const TokenSets& sets, int64_t begin, int64_t end,
                  float* y) {
  const int64_t width = states.size(1);
  const float *const x = states.data_ptr<float>(), *const rows = head.data_ptr<float>();
  for (int64_t row = begin; row < end; row++) {
    const int64_t first = sets.offsets[row];
    dotsOfSet(x + row * width, rows, sets.ids + first, sets.offsets[row + 1] - first, width, y + first);
  }
}

float logSumExp(const float* x, int64_t count, float* scratch) { return logSumExpOf(x, count, scratch); }

}  // namespace laurel
