// laurel::kept_logprobs: log π of tokens within the sets that they were drawn from, from states h [N, C] and the head
// [V, C], without the logits of other tokens.
//   s_j = h · head[id_j] / T,   p = softmax(s) over the row's set;   log p of the token [N], −∞ where the set has it not;
//   H = −Σ p log p [N];   the likeliest of the set [N].
// float32 on the CPU, composed elsewhere.
#include "fused.h"
#include "kept-sets.h"
#include <torch/custom_class.h>

#include <limits>

namespace laurel {
namespace {

using KeptScores = std::tuple<at::Tensor, at::Tensor, at::Tensor>;

constexpr float kNever = -std::numeric_limits<float>::infinity();

LAUREL_KERNELS_BEGIN

// log p in place of scores.
LAUREL_KERNEL void toLogprobs(float* scores, int64_t count, float inverseTemperature, float* scratch) {
  for (int64_t j = 0; j < count; j++) scores[j] *= inverseTemperature;
  const float logSum = logSumExp(scores, count, scratch);
  for (int64_t j = 0; j < count; j++) scores[j] -= logSum;
}

// H = −Σ p log p, in double: many small terms.
LAUREL_KERNEL float entropyOf(const float* logprobs, int64_t count, float* scratch) {
  for (int64_t j = 0; j < count; j++) scratch[j] = exponential(logprobs[j]) * logprobs[j];
  double sum = 0;
  for (int64_t j = 0; j < count; j++) sum -= scratch[j];
  return static_cast<float>(sum);
}

// ∂s_j = (g ([j = token] − p_j) − e p_j (log p_j + H)) / T, for gradients g of log p and e of H; in place of log p.
LAUREL_KERNEL void toScoreGradients(float* logprobs, int64_t count, int64_t token, float g, float e, float entropy,
                                    float inverseTemperature) {
  for (int64_t j = 0; j < count; j++) {
    const float p = exponential(logprobs[j]);
    logprobs[j] = -p * (g + e * (p > 0.0f ? logprobs[j] + entropy : 0.0f)) * inverseTemperature;
  }
  if (token >= 0) logprobs[token] += g * inverseTemperature;
}

LAUREL_KERNELS_END

// What the backward pass needs: log p [S], where each row's token stands in its set (−1: nowhere), and H [N]. No output
// is among it: a node that held its own outputs would never be freed.
struct KeptDistribution {
  Kept kept;
  std::vector<float> logprobs, entropy;
  std::vector<int64_t> places;
  float inverseTemperature;
};

// Turns a row's scores into log p. @returns the likeliest token.
int64_t normaliseRow(KeptDistribution& found, int64_t row, int64_t token, std::vector<float>& scratch) {
  const int64_t first = found.kept.first(row), count = found.kept.count(row);
  const int32_t* const ids = found.kept.ids.data() + first;
  float* const scores = found.logprobs.data() + first;
  const int64_t place = std::find(ids, ids + count, static_cast<int32_t>(token)) - ids;
  found.places[static_cast<size_t>(row)] = place < count ? place : -1;
  if (count == 0) return -1;
  scratch.resize(std::max(scratch.size(), static_cast<size_t>(count)));
  toLogprobs(scores, count, found.inverseTemperature, scratch.data());
  found.entropy[static_cast<size_t>(row)] = entropyOf(scores, count, scratch.data());
  return ids[std::max_element(scores, scores + count) - scores];
}

KeptScores scoreKept(KeptDistribution& found, const at::Tensor& states, const at::Tensor& head,
                     const at::Tensor& tokens) {
  const int64_t rows = states.size(0);
  found.logprobs = multiplyKept(states, head, found.kept);
  found.places.resize(static_cast<size_t>(rows));
  found.entropy.resize(static_cast<size_t>(rows));
  at::Tensor ofTokens = at::empty({rows}, states.options()), entropy = at::empty_like(ofTokens);
  at::Tensor likeliest = at::empty({rows}, states.options().dtype(at::kLong));
  const at::Tensor wanted = tokens.contiguous();
  const int64_t mean = static_cast<int64_t>(found.kept.ids.size()) / std::max<int64_t>(1, rows);
  at::parallel_for(0, rows, rowsPerTask(8 * (1 + mean)), [&](int64_t begin, int64_t end) {
    std::vector<float> scratch;
    for (int64_t row = begin; row < end; row++) {
      likeliest.data_ptr<int64_t>()[row] = normaliseRow(found, row, wanted.data_ptr<int64_t>()[row], scratch);
      const int64_t place = found.places[static_cast<size_t>(row)];
      const float* const logprobs = found.logprobs.data() + found.kept.first(row);
      ofTokens.data_ptr<float>()[row] = place < 0 ? kNever : logprobs[place];
      entropy.data_ptr<float>()[row] = found.entropy[static_cast<size_t>(row)];
    }
  });
  return {ofTokens, entropy, likeliest};
}

// ∂s [S] from gradients of log p and of H, each [N].
std::vector<float> scoreGradients(const KeptDistribution& found, const at::Tensor& ofTokens, const at::Tensor& ofEntropy) {
  std::vector<float> scores = found.logprobs;
  const at::Tensor g = ofTokens.contiguous(), e = ofEntropy.contiguous();
  at::parallel_for(0, g.numel(), 64, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; row++) {
      const int64_t token = found.places[static_cast<size_t>(row)];
      toScoreGradients(scores.data() + found.kept.first(row), found.kept.count(row), token,
                       token < 0 ? 0.0f : g.data_ptr<float>()[row], e.data_ptr<float>()[row],
                       found.entropy[static_cast<size_t>(row)], found.inverseTemperature);
    }
  });
  return scores;
}

// By logits of the whole vocabulary.
KeptScores composedKept(const at::Tensor& states, const at::Tensor& head, const at::Tensor& tokens,
                        const at::Tensor& kept, double temperature) {
  const at::Tensor logits = at::matmul(states, head.t()) / temperature, isNone = kept.lt(0);
  const at::Tensor scores = logits.gather(1, kept.clamp_min(0)).masked_fill(isNone, -1e30);
  const at::Tensor logprobs = scores.log_softmax(-1);
  const at::Tensor isToken = kept.eq(tokens.unsqueeze(1));
  const at::Tensor ofTokens = std::get<0>(logprobs.masked_fill(isToken.logical_not(), kNever).max(-1));
  const at::Tensor entropy = -(logprobs.exp() * logprobs).masked_fill(isNone, 0).sum(-1);
  return {ofTokens, entropy, kept.gather(1, scores.argmax(-1, true)).squeeze(1)};
}

// Carries what is no tensor from one pass to the other.
struct KeptHolder : torch::CustomClassHolder {
  KeptDistribution found;
};

struct KeptFunction : torch::autograd::Function<KeptFunction> {
  static variable_list forward(AutogradContext* context, const at::Tensor& states, const at::Tensor& head,
                               const at::Tensor& tokens, const at::Tensor& kept, double temperature) {
    const auto holder = c10::make_intrusive<KeptHolder>();
    holder->found.kept = keptOf(kept, head.size(0));
    holder->found.inverseTemperature = static_cast<float>(1 / temperature);
    const auto [ofTokens, entropy, likeliest] = scoreKept(holder->found, states.contiguous(), head.contiguous(), tokens);
    context->save_for_backward({states, head, tokens, kept});
    context->saved_data["temperature"] = temperature;
    context->saved_data["found"] = c10::IValue::make_capsule(holder);
    context->mark_non_differentiable({likeliest});
    return {ofTokens, entropy, likeliest};
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const at::Tensor &states = saved[0], &head = saved[1];
    variable_list found(5);
    if (isDifferentiatedAgain()) return again(saved, gradients, context->saved_data["temperature"].toDouble());
    const auto& kept = static_cast<KeptHolder*>(context->saved_data["found"].toCapsule().get())->found;
    const std::vector<float> scores = scoreGradients(kept, gradients[0], gradients[1]);
    if (states.requires_grad()) found[0] = keptStatesGradient(states, head.contiguous(), kept.kept, scores);
    if (head.requires_grad()) found[1] = keptHeadGradient(states.contiguous(), head, kept.kept, scores);
    return found;
  }

  // By the formulas of differentiable operators, for the inputs that have gradients. By views of them: states that are made
  // of the head are another input here.
  static variable_list again(const variable_list& saved, const variable_list& gradients, double temperature) {
    const at::Tensor states = saved[0].view_as(saved[0]), head = saved[1].view_as(saved[1]);
    const auto [ofTokens, entropy, _] = composedKept(states, head, saved[2], saved[3], temperature);
    variable_list inputs, found(5);
    for (const at::Tensor& input : {states, head})
      if (input.requires_grad()) inputs.push_back(input);
    const auto parts = torch::autograd::grad({ofTokens, entropy}, inputs, {gradients[0], gradients[1]}, true, true);
    size_t next = 0;
    for (size_t i = 0; i < 2; i++)
      if (saved[i].requires_grad()) found[i] = parts[next++];
    return found;
  }
};

void checkKept(const at::Tensor& states, const at::Tensor& head, const at::Tensor& tokens, const at::Tensor& kept) {
  TORCH_CHECK(states.dim() == 2 && head.dim() == 2 && states.size(1) == head.size(1) && tokens.dim() == 1 &&
                  kept.dim() == 2 && tokens.size(0) == states.size(0) && kept.size(0) == states.size(0) &&
                  tokens.scalar_type() == at::kLong && kept.scalar_type() == at::kLong,
              "expected states [N, C], head [V, C], and int64 tokens [N] and kept [N, K]; found ", states.sizes(), ", ",
              head.sizes(), ", ", tokens.sizes(), ", ", kept.sizes());
}

KeptScores keptLogprobs(const at::Tensor& states, const at::Tensor& head, const at::Tensor& tokens,
                        const at::Tensor& kept, double temperature) {
  checkKept(states, head, tokens, kept);
  const bool fits = isPlainFloat(states) && isPlainFloat(head) && kept.size(1) > 0 && tokens.is_cpu() && kept.is_cpu();
  if (!fits) return composedKept(states, head, tokens, kept, temperature);
  if (records({states, head})) {
    const variable_list outputs = KeptFunction::apply(states, head, tokens, kept, temperature);
    return {outputs[0], outputs[1], outputs[2]};
  }
  KeptDistribution found;
  found.kept = keptOf(kept, head.size(0));
  found.inverseTemperature = static_cast<float>(1 / temperature);
  return scoreKept(found, states.contiguous(), head.contiguous(), tokens);
}

const auto keptLibrary = defineOnce("kept_logprobs", [](torch::Library& library) {
  library.def(
      "kept_logprobs(Tensor h, Tensor head, Tensor tokens, Tensor kept, float temperature) -> (Tensor, Tensor, Tensor)",
      keptLogprobs);
});

}  // namespace
}  // namespace laurel
