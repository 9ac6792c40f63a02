// laurel::mean_cross_entropy: L = −(1/N) Σ_n log softmax(h_n Eᵀ)[t_n] and its gradients in one pass, a block of logits at
// a time that stays in the cache; float32 on the CPU, composed elsewhere.
//   ∂L/∂logits = (softmax − [t]) / N,   ∂h = ∂logits E,   ∂E = ∂logitsᵀ h
#include <algorithm>
#include <vector>

#include "fused.h"
#include "team.h"

namespace laurel {
namespace {

// Logits of a block: 2 MiB at most, but 8 rows at least. How many rows that is depends on the vocabulary alone, so sums
// have one order.
constexpr int64_t kBlockLogits = 1 << 19;
constexpr int64_t kMostRows = 64;
// Depth of one part of ∂logits E, whose panel then stays near while rows pass it.
constexpr int64_t kDepthAtOnce = 512;

LAUREL_KERNELS_BEGIN

// Logits become ∂L/∂logits. Returns −log p of the target.
LAUREL_KERNEL float lossOfRow(float* logits, int64_t count, int64_t target, float share) {
  float most = logits[0];
  for (int64_t i = 1; i < count; i++) most = logits[i] > most ? logits[i] : most;
  const float own = logits[target] - most;
  for (int64_t i = 0; i < count; i++) logits[i] = exponential(logits[i] - most);
  Lanes sums = {};
  int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) sums += lanesAt(logits + i);
  float sum = sumOf(sums);
  for (; i < count; i++) sum += logits[i];
  const float scale = share / sum;
  for (i = 0; i < count; i++) logits[i] *= scale;
  logits[target] -= share;
  return std::log(sum) - own;
}

LAUREL_KERNELS_END

struct LossInputs {
  const float *states, *head;
  const int64_t* targets;
  int64_t rows, width, vocabulary;
};

// What one pass finds; gradients are null where nobody asks for them.
struct LossOutputs {
  float *losses, *states, *head;
};

class LossPass {
 public:
  LossPass(const LossInputs& in, const LossOutputs& out)
      : in_(in), out_(out), blockRows_(std::clamp<int64_t>(kBlockLogits / in.vocabulary / 8 * 8, 8, kMostRows)),
        logits_(static_cast<size_t>(blockRows_ * in.vocabulary)), acrossVocabulary_(numbers(in.width, in.vocabulary)),
        acrossWidth_(out.states == nullptr ? 0 : numbers(in.vocabulary, in.width)),
        stateRows_(out.head == nullptr ? 0 : numbers(blockRows_, in.width)) {}

  void run() {
    together(true, [&](const Team& team) {
      layOut(team);
      for (int64_t first = 0; first < in_.rows; first += blockRows_)
        goThrough({first, std::min(in_.rows, first + blockRows_)}, team);
    });
  }

 private:
  static size_t numbers(int64_t depth, int64_t columns) { return static_cast<size_t>(panelNumbers(depth, columns)); }

  // E across the vocabulary by the first of the team, and down it by the last.
  void layOut(const Team& team) {
    if (team.index == 0) packColumns(in_.head, in_.width, in_.width, in_.vocabulary, acrossVocabulary_.data());
    if (team.index == team.size - 1 && out_.states != nullptr)
      packRows(in_.head, in_.width, in_.vocabulary, in_.width, acrossWidth_.data());
    team.wait();
  }

  void goThrough(const Range& rows, const Team& team) {
    const Range ownRows = team.share({0, rows.size()}), ownTokens = tokensOf(team);
    if (team.index == 0 && out_.head != nullptr)
      packRows(in_.states + rows.begin * in_.width, in_.width, rows.size(), in_.width, stateRows_.data());
    scoreTokens(rows, ownTokens);
    team.wait();
    for (int64_t row = ownRows.begin; row < ownRows.end; row++)
      out_.losses[rows.begin + row] = lossOfRow(logits_.data() + row * in_.vocabulary, in_.vocabulary,
                                                in_.targets[rows.begin + row], 1.0f / static_cast<float>(in_.rows));
    team.wait();
    if (out_.states != nullptr) turnBack(rows, ownRows);
    if (out_.head != nullptr) addToHead(rows.size(), ownTokens);
    team.wait();
  }

  // A member's tokens: whole panels.
  Range tokensOf(const Team& team) const {
    const int64_t width = panelWidth();
    const Range panels = team.share({0, (in_.vocabulary + width - 1) / width});
    return {panels.begin * width, std::min(in_.vocabulary, panels.end * width)};
  }

  // logits = h Eᵀ of some tokens
  void scoreTokens(const Range& rows, const Range& tokens) {
    TileArguments block{};
    block.rows = rows.size();
    block.depth = block.aRow = in_.width;
    block.aStep = 1;
    block.a = in_.states + rows.begin * in_.width;
    block.c = logits_.data();
    block.cRow = in_.vocabulary;
    multiplyPanels(block, {acrossVocabulary_.data(), in_.width, in_.vocabulary}, tokens, 0);
  }

  // ∂h = ∂logits E of some rows of the block
  void turnBack(const Range& rows, const Range& own) {
    TileArguments block{};
    block.rows = own.size();
    block.aRow = in_.vocabulary;
    block.aStep = 1;
    block.c = out_.states + (rows.begin + own.begin) * in_.width;
    block.cRow = in_.width;
    block.addend = block.c;
    for (int64_t token = 0; token < in_.vocabulary && !own.isEmpty(); token += kDepthAtOnce) {
      block.a = logits_.data() + own.begin * in_.vocabulary + token;
      block.depth = std::min(kDepthAtOnce, in_.vocabulary - token);
      multiplyPanels(block, {acrossWidth_.data(), in_.vocabulary, in_.width}, {0, in_.width}, token);
    }
  }

  // ∂E += ∂logitsᵀ h of some tokens
  void addToHead(int64_t rows, const Range& tokens) {
    if (tokens.isEmpty()) return;
    TileArguments block{};
    block.rows = tokens.size();
    block.depth = rows;
    block.aRow = 1;
    block.aStep = in_.vocabulary;
    block.a = logits_.data() + tokens.begin;
    block.c = out_.head + tokens.begin * in_.width;
    block.cRow = in_.width;
    block.addend = block.c;
    multiplyPanels(block, {stateRows_.data(), rows, in_.width}, {0, in_.width}, 0);
  }

  LossInputs in_;
  LossOutputs out_;
  int64_t blockRows_;
  std::vector<float> logits_, acrossVocabulary_, acrossWidth_, stateRows_;
};

at::Tensor composedLoss(const at::Tensor& states, const at::Tensor& head, const at::Tensor& targets) {
  return -at::linear(states, head).log_softmax(-1).gather(1, targets.unsqueeze(1)).mean();
}

struct FoundLoss {
  at::Tensor loss, states, head;
};

FoundLoss findLoss(const at::Tensor& givenStates, const at::Tensor& givenHead, const at::Tensor& givenTargets, bool wantsStates,
                   bool wantsHead) {
  const at::Tensor states = givenStates.contiguous(), head = givenHead.contiguous(), targets = givenTargets.contiguous();
  const at::Tensor losses = at::empty({states.size(0)}, states.options());
  const at::Tensor ofStates = wantsStates ? at::zeros_like(states) : at::Tensor();
  const at::Tensor ofHead = wantsHead ? at::zeros_like(head) : at::Tensor();
  const auto numbers = [](const at::Tensor& tensor) { return tensor.defined() ? tensor.data_ptr<float>() : nullptr; };
  LossPass({numbers(states), numbers(head), targets.data_ptr<int64_t>(), states.size(0), states.size(1), head.size(0)},
           {numbers(losses), numbers(ofStates), numbers(ofHead)})
      .run();
  double sum = 0;
  for (int64_t row = 0; row < losses.numel(); row++) sum += numbers(losses)[row];
  return {at::scalar_tensor(sum / static_cast<double>(losses.numel()), losses.options()), ofStates, ofHead};
}

struct LossFunction : torch::autograd::Function<LossFunction> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& states, const at::Tensor& head,
                            const at::Tensor& targets) {
    const FoundLoss found = findLoss(states, head, targets, states.requires_grad(), head.requires_grad());
    context->save_for_backward({states, head, targets, found.states, found.head});
    return found.loss;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const auto saved = context->get_saved_variables();
    if (isDifferentiatedAgain()) return again(saved, gradients[0]);
    variable_list found(3);
    for (size_t i = 0; i < 2; i++)
      if (saved[3 + i].defined()) found[i] = saved[3 + i] * gradients[0];
    return found;
  }

  // By the formulas of differentiable operators, for the inputs that have gradients. By views of them: states that are made
  // of the head are another input here.
  static variable_list again(const variable_list& saved, const at::Tensor& gradient) {
    const at::Tensor states = saved[0].view_as(saved[0]), head = saved[1].view_as(saved[1]);
    const at::Tensor loss = composedLoss(states, head, saved[2]);
    variable_list inputs, found(3);
    for (const at::Tensor& input : {states, head})
      if (input.requires_grad()) inputs.push_back(input);
    const auto parts = torch::autograd::grad({loss}, inputs, {gradient}, true, true);
    size_t next = 0;
    for (size_t i = 0; i < 2; i++)
      if (saved[i].requires_grad()) found[i] = parts[next++];
    return found;
  }
};

void checkLoss(const at::Tensor& states, const at::Tensor& head, const at::Tensor& targets) {
  TORCH_CHECK(states.dim() == 2 && head.dim() == 2 && states.size(1) == head.size(1) && targets.dim() == 1 &&
                  targets.size(0) == states.size(0) && targets.size(0) > 0 && targets.scalar_type() == at::kLong,
              "expected states [N, C], head [V, C] and int64 targets [N]; found ", states.sizes(), ", ", head.sizes(), ", ",
              targets.sizes());
  if (!targets.is_cpu()) return;
  TORCH_CHECK(targets.min().item<int64_t>() >= 0 && targets.max().item<int64_t>() < head.size(0),
              "expected targets below ", head.size(0), ", found ", targets.min().item<int64_t>(), " to ",
              targets.max().item<int64_t>());
}

at::Tensor meanCrossEntropy(const at::Tensor& states, const at::Tensor& head, const at::Tensor& targets) {
  checkLoss(states, head, targets);
  const bool fits = isPlainFloat(states) && isPlainFloat(head) && targets.is_cpu() && states.size(1) > 0;
  if (!fits) return composedLoss(states, head, targets);
  return records({states, head}) ? LossFunction::apply(states, head, targets)
                                 : findLoss(states, head, targets, false, false).loss;
}

const auto lossLibrary = defineOnce("mean_cross_entropy", [](torch::Library& library) {
  library.def("mean_cross_entropy(Tensor states, Tensor head, Tensor targets) -> Tensor", meanCrossEntropy);
});

}  // namespace
}  // namespace laurel
