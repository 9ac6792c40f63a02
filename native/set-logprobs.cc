// laurel::set_logprobs: log π of a set of tokens for each row of logits x [R, V]. The sets stand one after another in
// `ids` [N], row r's from offsets[r] to offsets[r + 1].
//   y_j = x[r, ids_j] − log Σ e^x,   the sum over row r's set, or over all of the row.  [N]
// float32 on the CPU.
#include "fused.h"

#include <vector>

namespace laurel {
namespace {

LAUREL_KERNELS_BEGIN

// Numbers whose sum is taken in float32: a large one among them hides few small ones.
constexpr int64_t kSumBlock = 16 * kLanes;

// log Σ e^x of `count` numbers, at least 1; `scratch` has room for as many.
LAUREL_KERNEL float logSumExp(const float* x, int64_t count, float* scratch) {
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

struct Sets {
  const int32_t *ids, *offsets;
  int64_t vocabulary;
  bool isWithin;
};

void scoreSet(const float* logits, const Sets& sets, int64_t row, std::vector<float>& scratch, float* y) {
  const int64_t first = sets.offsets[row], count = sets.offsets[row + 1] - first;
  if (count == 0) return;
  if (count == 1 && sets.isWithin) {
    y[first] = 0.0f;  // Certain.
    return;
  }
  for (int64_t j = 0; j < count; j++) y[first + j] = logits[sets.ids[first + j]];
  const float whole = sets.isWithin ? logSumExp(y + first, count, scratch.data())
                                    : logSumExp(logits, sets.vocabulary, scratch.data());
  for (int64_t j = 0; j < count; j++) y[first + j] -= whole;
}

void checkSets(const at::Tensor& x, const at::Tensor& ids, const at::Tensor& offsets) {
  const auto isIndex = [](const at::Tensor& t) {
    return t.is_cpu() && t.scalar_type() == at::kInt && t.dim() == 1 && t.is_contiguous();
  };
  TORCH_CHECK(isPlainFloat(x) && x.dim() == 2 && isIndex(ids) && isIndex(offsets) && offsets.numel() == x.size(0) + 1,
              "expected x [R, V], float32 on the CPU, ids [N] and offsets [R + 1], int32; found ", x.sizes(), ", ",
              ids.sizes(), ", ", offsets.sizes());
  const int32_t *const id = ids.data_ptr<int32_t>(), *const offset = offsets.data_ptr<int32_t>();
  for (int64_t row = 0; row < x.size(0); row++)
    TORCH_CHECK(offset[row] <= offset[row + 1], "offsets fall from ", offset[row], " to ", offset[row + 1]);
  TORCH_CHECK(offset[0] == 0 && offset[x.size(0)] == ids.numel(), "offsets go from ", offset[0], " to ",
              offset[x.size(0)], " for ", ids.numel(), " ids");
  for (int64_t j = 0; j < ids.numel(); j++)
    TORCH_CHECK(id[j] >= 0 && id[j] < x.size(1), "token ", id[j], " is none of ", x.size(1));
}

at::Tensor setLogprobs(const at::Tensor& given, const at::Tensor& ids, const at::Tensor& offsets, bool isWithin) {
  checkSets(given, ids, offsets);
  const at::NoGradGuard withoutGradient;
  const at::Tensor x = given.contiguous();
  const int64_t rows = x.size(0), vocabulary = x.size(1);
  at::Tensor y = at::empty({ids.numel()}, x.options());
  const Sets sets{ids.data_ptr<int32_t>(), offsets.data_ptr<int32_t>(), vocabulary, isWithin};
  const float* const logits = x.data_ptr<float>();
  float* const to = y.data_ptr<float>();
  at::parallel_for(0, rows, rowsPerTask(vocabulary), [&](int64_t begin, int64_t end) {
    std::vector<float> scratch(static_cast<size_t>(vocabulary));
    for (int64_t row = begin; row < end; row++) scoreSet(logits + row * vocabulary, sets, row, scratch, to);
  });
  return y;
}

const auto setLibrary = defineOnce("set_logprobs", [](torch::Library& library) {
  library.def("set_logprobs(Tensor x, Tensor ids, Tensor offsets, bool within) -> Tensor", setLogprobs);
});

}  // namespace
}  // namespace laurel
