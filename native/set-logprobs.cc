// laurel::set_logprobs: log π of a set of tokens for each row of logits x [R, V]. The sets stand one after another in
// `ids` [N], row r's from offsets[r] to offsets[r + 1].
//   y_j = x[r, ids_j] − log Σ e^x,   the sum over row r's set, or over all of the row.  [N]
// laurel::set_logprobs_of: the same within the sets, from states h [R, C] and the head [V, C]; of x = h headᵀ only what
// the sets name is computed.
// float32 on the CPU.
#include "fused.h"
#include "set-products.h"

#include <vector>

namespace laurel {
namespace {

// Scores of row r's set to their log-probabilities, in place.
void normalise(float* scores, int64_t count, float logSum) {
  for (int64_t j = 0; j < count; j++) scores[j] -= logSum;
}

// One of one is certain: log π = 0 whatever its score.
void normaliseWithin(float* scores, int64_t count, std::vector<float>& scratch) {
  if (count == 0) return;
  scratch.resize(std::max(scratch.size(), static_cast<size_t>(count)));
  if (count == 1) scores[0] = 0.0f;
  else normalise(scores, count, logSumExp(scores, count, scratch.data()));
}

TokenSets checkedSets(const at::Tensor& x, int64_t vocabulary, const at::Tensor& ids, const at::Tensor& offsets) {
  const auto isIndex = [](const at::Tensor& t) {
    return t.is_cpu() && t.scalar_type() == at::kInt && t.dim() == 1 && t.is_contiguous();
  };
  TORCH_CHECK(isPlainFloat(x) && x.dim() == 2 && isIndex(ids) && isIndex(offsets) && offsets.numel() == x.size(0) + 1,
              "expected one row [R, …] of float32 on the CPU for each set, ids [N] and offsets [R + 1], int32; found ",
              x.sizes(), ", ", ids.sizes(), ", ", offsets.sizes());
  const int32_t *const id = ids.data_ptr<int32_t>(), *const offset = offsets.data_ptr<int32_t>();
  for (int64_t row = 0; row < x.size(0); row++)
    TORCH_CHECK(offset[row] <= offset[row + 1], "offsets fall from ", offset[row], " to ", offset[row + 1]);
  TORCH_CHECK(offset[0] == 0 && offset[x.size(0)] == ids.numel(), "offsets go from ", offset[0], " to ",
              offset[x.size(0)], " for ", ids.numel(), " ids");
  for (int64_t j = 0; j < ids.numel(); j++)
    TORCH_CHECK(id[j] >= 0 && id[j] < vocabulary, "token ", id[j], " is none of ", vocabulary);
  return {id, offset, x.size(0)};
}

at::Tensor setLogprobs(const at::Tensor& given, const at::Tensor& ids, const at::Tensor& offsets, bool isWithin) {
  const int64_t vocabulary = given.dim() == 2 ? given.size(1) : 0;
  const TokenSets sets = checkedSets(given, vocabulary, ids, offsets);
  const at::NoGradGuard withoutGradient;
  const at::Tensor x = given.contiguous();
  at::Tensor y = at::empty({ids.numel()}, x.options());
  const float* const logits = x.data_ptr<float>();
  float* const to = y.data_ptr<float>();
  at::parallel_for(0, sets.rows, rowsPerTask(vocabulary), [&](int64_t begin, int64_t end) {
    std::vector<float> scratch(static_cast<size_t>(vocabulary));
    for (int64_t row = begin; row < end; row++) {
      const int64_t first = sets.offsets[row], count = sets.offsets[row + 1] - first;
      const float* const own = logits + row * vocabulary;
      for (int64_t j = first; j < first + count; j++) to[j] = own[sets.ids[j]];
      if (isWithin) normaliseWithin(to + first, count, scratch);
      else if (count > 0) normalise(to + first, count, logSumExp(own, vocabulary, scratch.data()));
    }
  });
  return y;
}

at::Tensor setLogprobsOf(const at::Tensor& given, const at::Tensor& head, const at::Tensor& ids,
                         const at::Tensor& offsets) {
  TORCH_CHECK(isPlainFloat(head) && head.dim() == 2 && given.dim() == 2 &&
                  head.size(1) == given.size(1),
              "expected states [R, C] and head [V, C], float32 on the CPU; found ", given.sizes(), ", ", head.sizes());
  const TokenSets sets = checkedSets(given, head.size(0), ids, offsets);
  const at::NoGradGuard withoutGradient;
  const at::Tensor states = given.contiguous(), rows = head.contiguous();
  at::Tensor y = at::empty({ids.numel()}, states.options());
  float* const to = y.data_ptr<float>();
  const int64_t meanSet = sets.rows == 0 ? 1 : 1 + ids.numel() / sets.rows;
  at::parallel_for(0, sets.rows, rowsPerTask(meanSet * head.size(1)), [&](int64_t begin, int64_t end) {
    std::vector<float> scratch;
    multiplySets(states, rows, sets, begin, end, to);
    for (int64_t row = begin; row < end; row++)
      normaliseWithin(to + sets.offsets[row], sets.offsets[row + 1] - sets.offsets[row], scratch);
  });
  return y;
}

const auto setLibrary = defineOnce("set_logprobs", [](torch::Library& library) {
  library.def("set_logprobs(Tensor x, Tensor ids, Tensor offsets, bool within) -> Tensor", setLogprobs);
});

const auto setOfLibrary = defineOnce("set_logprobs_of", [](torch::Library& library) {
  library.def("set_logprobs_of(Tensor h, Tensor head, Tensor ids, Tensor offsets) -> Tensor", setLogprobsOf);
});

}  // namespace
}  // namespace laurel
