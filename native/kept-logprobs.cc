// laurel::kept_logprobs: log π of tokens within the sets that they were drawn from, from states h [N, C] and the head
// [V, C], without the logits of other tokens.
//   s_j = h · head[id_j] / T,   p = softmax(s) over the row's set;   log p of the token [N], −∞ where the set has it not;
//   H = −Σ p log p [N];   the likeliest of the set [N].
// float32 on the CPU, composed elsewhere.
#include "fused.h"
#include "kept-sets.h"
#include <torch/custom_class.h>

#include <limits>
#include <vector>

namespace laurel {
namespace {

using Tensors = std::tuple<at::Tensor, at::Tensor, at::Tensor>;

constexpr float kNever = -std::numeric_limits<float>::infinity();

LAUREL_KERNELS_BEGIN

// log p in place of scores.
LAUREL_KERNEL void toLogprobs(float* scores, int64_t count, float inverseTemperature, float* scratch) {
  for (int64_t j = 0; j < count; j++) scores[j] *= inverseTemperature;
  const float logSum = logSumExp(scores, count, scratch);
  for (int64_t j = 0; j < count; j++) scores[j] -= logSum;
}

// H = −Σ p log p
LAUREL_KERNEL float entropyOf(const float* logprobs, int64_t count, float* scratch) {
  for (int64_t j = 0; j < count; j++) scratch[j] = exponential(logprobs[j]) * logprobs[j];
  float sum = 0;
  for (int64_t j = 0; j < count; j++) sum -= scratch[j];
  return sum;
}

// ∂s_j = (g ([j = token] − p_j) − e p_j (log p_j + H)) / T, for gradients g of log p and e of H; in place of log p.
LAUREL_KERNEL void toGradients(float* logprobs, int64_t count, int64_t token, float g, float e, float entropy,
                               float inverseTemperature) {
  for (int64_t j = 0; j < count; j++) {
    const float p = exponential(logprobs[j]);
    logprobs[j] = -p * (g + e * (p > 0.0f ? logprobs[j] + entropy : 0.0f)) * inverseTemperature;
  }
  if (token >= 0) logprobs[token] += g * inverseTemperature;
}

LAUREL_KERNELS_END

// What the forward pass found: log p [S], where each row's token stands in its set (−1: nowhere), and H [N].
struct Found {
  Kept kept;
  std::vector<float> logprobs;
  std::vector<int64_t> places;
  at::Tensor ofTokens, entropy, likeliest;
};

void scoreRow(Found& found, int64_t row, int64_t token, float inverseTemperature, std::vector<float>& scratch) {
  const int64_t first = found.kept.first(row), count = found.kept.count(row);
  const int32_t* const ids = found.kept.ids.data() + first;
  float* const scores = found.logprobs.data() + first;
  scratch.resize(std::max(scratch.size(), static_cast<size_t>(count)));
  if (count > 0) toLogprobs(scores, count, inverseTemperature, scratch.data());
  const int64_t place = std::find(ids, ids + count, static_cast<int32_t>(token)) - ids;
  const bool isThere = place < count;
  found.places[static_cast<size_t>(row)] = isThere ? place : -1;
  found.ofTokens.data_ptr<float>()[row] = isThere ? scores[place] : kNever;
  found.entropy.data_ptr<float>()[row] = count > 0 ? entropyOf(scores, count, scratch.data()) : 0.0f;
  found.likeliest.data_ptr<int64_t>()[row] = count > 0 ? ids[std::max_element(scores, scores + count) - scores] : -1;
}

Found find(const at::Tensor& states, const at::Tensor& head, const at::Tensor& tokens, const at::Tensor& padded,
           double temperature) {
  Found found;
  found.kept = keptOf(padded, head.size(0));
  found.logprobs = multiplyKept(states, head, found.kept);
  const int64_t rows = states.size(0);
  found.places.resize(static_cast<size_t>(rows));
  found.ofTokens = at::empty({rows}, states.options());
  found.entropy = at::empty({rows}, states.options());
  found.likeliest = at::empty({rows}, states.options().dtype(at::kLong));
  const at::Tensor wanted = tokens.contiguous();
  const int64_t* const token = wanted.data_ptr<int64_t>();
  const int64_t numbers = 1 + static_cast<int64_t>(found.kept.ids.size()) / std::max<int64_t>(1, rows);
  at::parallel_for(0, rows, rowsPerTask(8 * numbers), [&](int64_t begin, int64_t end) {
    std::vector<float> scratch;
    for (int64_t row = begin; row < end; row++)
      scoreRow(found, row, token[row], static_cast<float>(1 / temperature), scratch);
  });
  return found;
}

// By logits of the whole vocabulary.
Tensors composed(const at::Tensor& states, const at::Tensor& head, const at::Tensor& tokens, const at::Tensor& kept,
                 double temperature) {
  const at::Tensor logits = at::matmul(states, head.t()) / temperature, isNone = kept.lt(0);
  const at::Tensor scores = logits.gather(1, kept.clamp_min(0)).masked_fill(isNone, -1e30);
  const at::Tensor logprobs = scores.log_softmax(-1);
  const at::Tensor isToken = kept.eq(tokens.unsqueeze(1));
  const at::Tensor ofTokens = std::get<0>(logprobs.masked_fill(isToken.logical_not(), kNever).max(-1));
  const at::Tensor entropy = -(logprobs.exp() * logprobs).masked_fill(isNone, 0).sum(-1);
  return {ofTokens, entropy, kept.gather(1, scores.argmax(-1, true)).squeeze(1)};
}

// Carries what is no tensor from one pass to the other.
struct Holder : torch::CustomClassHolder {
  explicit Holder(Found held) : found(std::move(held)) {}
  Found found;
};

struct KeptFunction : torch::autograd::Function<KeptFunction> {
  static variable_list forward(AutogradContext* context, const at::Tensor& states, const at::Tensor& head,
                               const at::Tensor& tokens, const at::Tensor& kept, double temperature) {
    const auto holder = c10::make_intrusive<Holder>(find(states.contiguous(), head, tokens, kept, temperature));
    context->save_for_backward({states, head, tokens, kept});
    context->saved_data["temperature"] = temperature;
    context->saved_data["found"] = c10::IValue::make_capsule(holder);
    const Found& found = holder->found;
    context->mark_non_differentiable({found.likeliest});
    return {found.ofTokens, found.entropy, found.likeliest};
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const double temperature = context->saved_data["temperature"].toDouble();
    if (isDifferentiatedAgain()) return again(saved, gradients, temperature);
    const Found& found = static_cast<Holder*>(context->saved_data["found"].toCapsule().get())->found;
    const at::Tensor g = gradients[0].contiguous(), e = gradients[1].contiguous();
    std::vector<float> scores = found.logprobs;
    const float *const ofTokens = g.data_ptr<float>(), *const ofEntropy = e.data_ptr<float>();
    const float* const entropy = found.entropy.data_ptr<float>();
    at::parallel_for(0, g.numel(), 64, [&](int64_t begin, int64_t end) {
      for (int64_t row = begin; row < end; row++) {
        const int64_t token = found.places[static_cast<size_t>(row)];
        toGradients(scores.data() + found.kept.first(row), found.kept.count(row), token,
                    token < 0 ? 0.0f : ofTokens[row], ofEntropy[row], entropy[row],
                    static_cast<float>(1 / temperature));
      }
    });
    const auto [dStates, dHead] = multiplyKeptBack(saved[0].contiguous(), saved[1], found.kept, scores);
    return {dStates, dHead, at::Tensor(), at::Tensor(), at::Tensor()};
  }

  static variable_list again(const variable_list& saved, const variable_list& gradients, double temperature) {
    const auto [ofTokens, entropy, _] = composed(saved[0], saved[1], saved[2], saved[3], temperature);
    const auto found = torch::autograd::grad({ofTokens, entropy}, {saved[0], saved[1]}, {gradients[0], gradients[1]},
                                             true, true);
    return {found[0], found[1], at::Tensor(), at::Tensor(), at::Tensor()};
  }
};

void check(const at::Tensor& states, const at::Tensor& head, const at::Tensor& tokens, const at::Tensor& kept) {
  TORCH_CHECK(states.dim() == 2 && head.dim() == 2 && states.size(1) == head.size(1) && tokens.dim() == 1 &&
                  kept.dim() == 2 && tokens.size(0) == states.size(0) && kept.size(0) == states.size(0) &&
                  tokens.scalar_type() == at::kLong && kept.scalar_type() == at::kLong,
              "expected states [N, C], head [V, C], and int64 tokens [N] and kept [N, K]; found ", states.sizes(), ", ",
              head.sizes(), ", ", tokens.sizes(), ", ", kept.sizes());
}

Tensors keptLogprobs(const at::Tensor& states, const at::Tensor& head, const at::Tensor& tokens, const at::Tensor& kept,
                     double temperature) {
  check(states, head, tokens, kept);
  const bool fits = isPlainFloat(states) && isPlainFloat(head) && head.is_contiguous() && kept.size(1) > 0 &&
                    tokens.is_cpu() && kept.is_cpu();
  if (!fits) return composed(states, head, tokens, kept, temperature);
  if (records({states, head})) {
    const variable_list outputs = KeptFunction::apply(states, head, tokens, kept, temperature);
    return {outputs[0], outputs[1], outputs[2]};
  }
  const Found found = find(states.contiguous(), head, tokens, kept, temperature);
  return {found.ofTokens, found.entropy, found.likeliest};
}

const auto keptLibrary = defineOnce("kept_logprobs", [](torch::Library& library) {
  library.def(
      "kept_logprobs(Tensor h, Tensor head, Tensor tokens, Tensor kept, float temperature) -> (Tensor, Tensor, Tensor)",
      keptLogprobs);
});

}  // namespace
}  // namespace laurel
