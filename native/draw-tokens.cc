// laurel::draw_tokens: softmax at a temperature and inverse transform sampling in one pass over each row of logits;
// float32 on the CPU.
#include "fused.h"

#include <limits>
#include <tuple>
#include <vector>

namespace laurel {
namespace {

LAUREL_KERNELS_BEGIN

// e^((x − max) / temperature) of a row, and their maximum's index.
LAUREL_KERNEL float exponentials(const float* logits, int64_t count, float inverseTemperature, float* weights) {
  float most = -std::numeric_limits<float>::infinity();
  for (int64_t i = 0; i < count; i++) most = logits[i] > most ? logits[i] : most;
  for (int64_t i = 0; i < count; i++) weights[i] = exponential((logits[i] - most) * inverseTemperature);
  return most;
}

// Sums of blocks of numbers in double precision, in a fixed order.
LAUREL_KERNEL double sumBlocks(const float* weights, int64_t count, int64_t block, double* sums) {
  double total = 0;
  for (int64_t start = 0; start < count; start += block) {
    double lanes[8] = {};
    const int64_t end = std::min(count, start + block);
    int64_t i = start;
    for (; i + 8 <= end; i += 8)
      for (int64_t j = 0; j < 8; j++) lanes[j] += weights[i + j];
    double sum = 0;
    for (const double lane : lanes) sum += lane;
    for (; i < end; i++) sum += weights[i];
    sums[start / block] = sum;
    total += sum;
  }
  return total;
}

LAUREL_KERNELS_END

constexpr int64_t kDrawBlock = 64;
// Largest float32 below 1: keeps a uniform number times a sum strictly below the sum.
constexpr double kBelowOne = 1 - 0x1p-24;

// The first index whose cumulative weight exceeds `threshold`, which is below the total; never one of weight 0.
int64_t indexAt(const float* weights, int64_t count, const double* sums, double threshold) {
  double before = 0;
  int64_t start = 0;
  for (; start + kDrawBlock < count && before + sums[start / kDrawBlock] <= threshold; start += kDrawBlock)
    before += sums[start / kDrawBlock];
  for (int64_t i = start; i < count; i++) {
    before += weights[i];
    if (before > threshold && weights[i] > 0) return i;
  }
  // Rounding carried the blocks' sum past that of their numbers: the last token that can be drawn.
  int64_t last = count - 1;
  while (last > 0 && !(weights[last] > 0)) last--;
  return last;
}

std::tuple<at::Tensor, at::Tensor> drawTokens(const at::Tensor& given, const at::Tensor& uniform, double temperature) {
  TORCH_CHECK(isPlainFloat(given) && given.dim() == 2 && given.size(1) > 0, "expected float32 logits [R, V], found ",
              given.scalar_type(), given.sizes());
  TORCH_CHECK(uniform.is_cpu() && uniform.scalar_type() == at::kDouble && uniform.numel() == given.size(0),
              "expected one float64 number per row, found ", uniform.scalar_type(), uniform.sizes());
  TORCH_CHECK(temperature > 0, "expected a temperature above 0, found ", temperature);
  const at::Tensor logits = given.contiguous(), numbers = uniform.contiguous();
  const int64_t rows = logits.size(0), count = logits.size(1);
  at::Tensor tokens = at::empty({rows, 1}, logits.options().dtype(at::kLong));
  at::Tensor logprobs = at::empty({rows, 1}, logits.options());
  const float* const from = logits.data_ptr<float>();
  const double* const draws = numbers.data_ptr<double>();
  int64_t* const drawn = tokens.data_ptr<int64_t>();
  float* const found = logprobs.data_ptr<float>();
  const auto inverse = static_cast<float>(1 / temperature);
  at::parallel_for(0, rows, rowsPerTask(8 * count), [&](int64_t begin, int64_t end) {
    std::vector<float> weights(static_cast<size_t>(count));
    std::vector<double> sums(static_cast<size_t>(count / kDrawBlock + 1));
    for (int64_t row = begin; row < end; row++) {
      const float* const x = from + row * count;
      const float most = exponentials(x, count, inverse, weights.data());
      const double total = sumBlocks(weights.data(), count, kDrawBlock, sums.data());
      const int64_t token = indexAt(weights.data(), count, sums.data(), draws[row] * kBelowOne * total);
      drawn[row] = token;
      found[row] = (x[token] - most) * inverse - static_cast<float>(std::log(total));
    }
  });
  return {tokens, logprobs};
}

const auto drawLibrary = defineOnce("draw_tokens", [](torch::Library& library) {
  library.def("draw_tokens(Tensor logits, Tensor uniform, float temperature) -> (Tensor, Tensor)");
  library.impl("draw_tokens", c10::DispatchKey::CPU, drawTokens);
});

}  // namespace
}  // namespace laurel
