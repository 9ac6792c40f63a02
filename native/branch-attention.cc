// One query per row over the keys of its prompt, which many rows share, and over its own branch of tokens after the
// prompt, which first gains the row's own; float32 on the CPU. Rows of one prompt stand side by side: their queries are
// the columns of two small products with the prompt's keys and values, which are thus read once and never copied.
#include "decoder-parts.h"
#include "tile.h"

#include <vector>

namespace laurel {
namespace {

// Queries of one product: the columns of a panel.
constexpr int64_t kBranchColumns = kWidestPanel;

struct BranchSizes {
  int64_t heads, keyHeads, width, capacity, length, promptCapacity, promptLength;
  float scale, epsilon;
  int64_t group() const { return heads / keyHeads; }
};

// Factors of the rows, `angleRow` numbers apart, or null where there are none.
struct BranchFactors {
  const float *cosine, *signedSine, *queryNorm, *keyNorm;
  int64_t angleRow;
};

// Rows of one prompt, and a key head of theirs.
struct BranchTask {
  const float* heads;        // of the first row; rows `headRow` apart
  int64_t rows, headRow, firstRow, keyHead;
  const float *promptKeys, *promptValues;  // of the key head, from the first place that is seen
  int64_t seen;
  float *keys, *values;  // of the first row's key head; rows `branchRow` apart
  int64_t branchRow;
  float* out;  // of the first row; rows `outRow` apart
  int64_t outRow;
};

// Memory of one thread.
struct BranchScratch {
  float *queries, *columns, *scores, *mixed, *normed;
};

int64_t branchNumbers(const BranchSizes& sizes) {
  return kBranchColumns * (3 * sizes.width + sizes.promptLength + sizes.length + 1) + sizes.width;
}

BranchScratch branchScratch(float* place, const BranchSizes& sizes) {
  const int64_t each = kBranchColumns * sizes.width;
  float* const scores = place + 3 * each;
  return {place, place + each, scores, place + 2 * each,
          scores + kBranchColumns * (sizes.promptLength + sizes.length + 1)};
}

LAUREL_KERNELS_BEGIN

// A head normed, where it has a norm, and rotated.
LAUREL_INLINE void turnBranch(const float* head, const float* norm, const float* cosine, const float* signedSine, float* normed,
                        float* to, const BranchSizes& sizes) {
  if (norm != nullptr) {
    const float mean = dotOf(head, head, sizes.width) / static_cast<float>(sizes.width);
    const float scale = 1.0f / std::sqrt(mean + sizes.epsilon);
    for (int64_t i = 0; i < sizes.width; i++) normed[i] = head[i] * scale * norm[i];
    head = normed;
  }
  rotateOne(head, cosine, signedSine, to, sizes.width, 1.0f);
}

// The rows' own keys and values go behind those of their branches.
LAUREL_KERNEL void appendBranch(const BranchTask& task, const BranchFactors& factors, float* normed, const BranchSizes& sizes) {
  for (int64_t row = 0; row < task.rows; row++) {
    const float* const heads = task.heads + row * task.headRow;
    const int64_t angle = (task.firstRow + row) * factors.angleRow, place = row * task.branchRow + sizes.length * sizes.width;
    turnBranch(heads + (sizes.heads + task.keyHead) * sizes.width, factors.keyNorm, factors.cosine + angle,
         factors.signedSine + angle, normed, task.keys + place, sizes);
    std::memcpy(task.values + place, heads + (sizes.heads + sizes.keyHeads + task.keyHead) * sizes.width,
                static_cast<size_t>(sizes.width) * sizeof(float));
  }
}

// Queries `first` … of the task, turned: as rows, and as the columns of a panel [D, width].
LAUREL_KERNEL void layOutBranch(const BranchTask& task, int64_t first, int64_t count, int64_t width, const BranchFactors& factors,
                          BranchScratch& scratch, const BranchSizes& sizes) {
  float* const columns = scratch.columns;
  std::memset(columns, 0, static_cast<size_t>(sizes.width * width) * sizeof(float));
  for (int64_t q = 0; q < count; q++) {
    const int64_t row = (first + q) / sizes.group(), head = task.keyHead * sizes.group() + (first + q) % sizes.group();
    const int64_t angle = (task.firstRow + row) * factors.angleRow;
    float* const query = scratch.queries + q * sizes.width;
    turnBranch(task.heads + row * task.headRow + head * sizes.width, factors.queryNorm, factors.cosine + angle,
         factors.signedSine + angle, scratch.normed, query, sizes);
    for (int64_t i = 0; i < sizes.width; i++) columns[i * width + q] = query[i];
  }
}

// Scores [count, width] become probabilities down each column.
LAUREL_KERNEL void softmaxBranches(float* scores, int64_t count, int64_t width, float scale) {
  float most[kBranchColumns], sum[kBranchColumns];
  for (int64_t j = 0; j < width; j++) {
    most[j] = scores[j];
    sum[j] = 0.0f;
  }
  for (int64_t s = 1; s < count; s++)
    for (int64_t j = 0; j < width; j++) most[j] = scores[s * width + j] > most[j] ? scores[s * width + j] : most[j];
  for (int64_t s = 0; s < count; s++) {
    float* const row = scores + s * width;
    for (int64_t j = 0; j < width; j++) row[j] = exponential((row[j] - most[j]) * scale);
    for (int64_t j = 0; j < width; j++) sum[j] += row[j];
  }
  for (int64_t j = 0; j < width; j++) sum[j] = 1.0f / sum[j];
  for (int64_t s = 0; s < count; s++)
    for (int64_t j = 0; j < width; j++) scores[s * width + j] *= sum[j];
}

// Scores of the queries along their own branches: rows `seen` … of [places, width].
LAUREL_KERNEL void scoreBranch(const BranchTask& task, int64_t first, int64_t count, int64_t width,
                                 BranchScratch& scratch, const BranchSizes& sizes) {
  float* const scores = scratch.scores + task.seen * width;
  std::memset(scores, 0, static_cast<size_t>((sizes.length + 1) * width) * sizeof(float));
  for (int64_t q = 0; q < count; q++) {
    const float* const keys = task.keys + (first + q) / sizes.group() * task.branchRow;
    for (int64_t s = 0; s <= sizes.length; s++)
      scores[s * width + q] = dotOf(scratch.queries + q * sizes.width, keys + s * sizes.width, sizes.width);
  }
}

// out = what the prompt's values mix to, the columns of [D, width], and what the branches' do.
LAUREL_KERNEL void gatherBranch(const BranchTask& task, int64_t first, int64_t count, int64_t width, BranchScratch& scratch,
                          const BranchSizes& sizes) {
  const float* const weights = scratch.scores + task.seen * width;
  for (int64_t q = 0; q < count; q++) {
    const int64_t row = (first + q) / sizes.group(), head = task.keyHead * sizes.group() + (first + q) % sizes.group();
    float* const out = task.out + row * task.outRow + head * sizes.width;
    for (int64_t i = 0; i < sizes.width; i++) out[i] = scratch.mixed[i * width + q];
    for (int64_t s = 0; s <= sizes.length; s++) {
      const float weight = weights[s * width + q];
      const float* const value = task.values + row * task.branchRow + s * sizes.width;
      for (int64_t i = 0; i < sizes.width; i++) out[i] += weight * value[i];
    }
  }
}

LAUREL_KERNELS_END

TileArguments branchProduct(int64_t rows, int64_t depth, int64_t width, const float* a, int64_t aRow, int64_t aStep,
                      const float* panel, float* c) {
  TileArguments block{};
  block.rows = rows;
  block.depth = depth;
  block.width = block.columns = block.cRow = width;
  block.a = a;
  block.aRow = aRow;
  block.aStep = aStep;
  block.panel = panel;
  block.c = c;
  return block;
}

void attendBranches(const BranchTask& task, const BranchFactors& factors, BranchScratch& scratch, const BranchSizes& sizes) {
  appendBranch(task, factors, scratch.normed, sizes);
  const int64_t queries = task.rows * sizes.group();
  for (int64_t first = 0; first < queries; first += kBranchColumns) {
    const int64_t count = std::min(kBranchColumns, queries - first), width = (count + kPanelStep - 1) / kPanelStep * kPanelStep;
    layOutBranch(task, first, count, width, factors, scratch, sizes);
    float* const scores = scratch.scores;
    multiplyTile(branchProduct(task.seen, sizes.width, width, task.promptKeys, sizes.width, 1, scratch.columns, scores));
    scoreBranch(task, first, count, width, scratch, sizes);
    softmaxBranches(scores, task.seen + sizes.length + 1, width, sizes.scale);
    multiplyTile(branchProduct(sizes.width, task.seen, width, task.promptValues, 1, sizes.width, scores, scratch.mixed));
    gatherBranch(task, first, count, width, scratch, sizes);
  }
}

void checkBranchCaches(const at::Tensor& keys, const at::Tensor& values, int64_t rows, int64_t places, int64_t keyHeads,
                 int64_t width) {
  for (const at::Tensor& cache : {keys, values})
    TORCH_CHECK(isPlainFloat(cache) && cache.is_contiguous() && cache.dim() == 4 && cache.size(0) >= rows &&
                    cache.size(1) == keyHeads && cache.size(2) >= places && cache.size(3) == width &&
                    cache.sizes() == keys.sizes(),
                "a cache of ", cache.sizes(), " does not hold ", rows, " rows of ", places, " places");
}

// Rows `begin` … `end` − 1 that go on from one prompt.
std::vector<Range> runsOf(const int64_t* owners, int64_t rows, int64_t shares) {
  std::vector<Range> runs;
  for (int64_t share = 0; share < shares; share++) {
    const int64_t first = rows * share / shares, last = rows * (share + 1) / shares;
    for (int64_t row = first; row < last; row++) {
      if (row == first || owners[row] != owners[row - 1]) runs.push_back({row, row});
      runs.back().end = row + 1;
    }
  }
  return runs;
}

// Each task is the rows of one prompt, or those of a share, and one key head.
class BranchHeads : public HeadTasks {
 public:
  BranchHeads(const BranchSizes& sizes, const HeadSettings& settings, const SharedPrompts& prompts, std::vector<Range> runs,
              const at::Tensor& keys, const at::Tensor& values, int64_t angleRow)
      : sizes_(sizes), settings_(settings), prompts_(prompts), runs_(std::move(runs)), keys_(keys.data_ptr<float>()),
        values_(values.data_ptr<float>()),
        factors_{settings.cosine.data_ptr<float>(), settings.signedSine.data_ptr<float>(),
                 normOf(settings.queryNorm, sizes.width), normOf(settings.keyNorm, sizes.width), angleRow} {}

  Range tasksOf(const Range& rows) const override {
    const auto before = [&](int64_t row) {
      const auto first = std::lower_bound(runs_.begin(), runs_.end(), row,
                                          [](const Range& run, int64_t place) { return run.begin < place; });
      return static_cast<int64_t>(first - runs_.begin()) * sizes_.keyHeads;
    };
    return {before(rows.begin), before(rows.end)};
  }

  int64_t scratch() const override { return branchNumbers(sizes_); }

  void run(const Range& tasks, const float* projections, float* out, float* scratch) const override {
    BranchScratch parts = branchScratch(scratch, sizes_);
    for (int64_t task = tasks.begin; task < tasks.end; task++)
      attendBranches(taskOf(task, projections, out), factors_, parts, sizes_);
  }

 private:
  BranchTask taskOf(int64_t index, const float* projections, float* out) const {
    const Range& rows = runs_[static_cast<size_t>(index / sizes_.keyHeads)];
    const int64_t head = index % sizes_.keyHeads, width = sizes_.width, owner = prompts_.owners[rows.begin];
    const int64_t start = prompts_.starts == nullptr ? 0 : prompts_.starts[owner];
    const int64_t prompt = ((owner * sizes_.keyHeads + head) * sizes_.promptCapacity + start) * width;
    const int64_t headRow = (sizes_.heads + 2 * sizes_.keyHeads) * width, outRow = sizes_.heads * width;
    const int64_t branchRow = sizes_.keyHeads * sizes_.capacity * width;
    const int64_t branch = rows.begin * branchRow + head * sizes_.capacity * width;
    return {projections + rows.begin * headRow, rows.size(), headRow, rows.begin, head,
            prompts_.keys.data_ptr<float>() + prompt, prompts_.values.data_ptr<float>() + prompt,
            prompts_.length - start, keys_ + branch, values_ + branch, branchRow, out + rows.begin * outRow, outRow};
  }

  BranchSizes sizes_;
  HeadSettings settings_;
  SharedPrompts prompts_;
  std::vector<Range> runs_;
  float *keys_, *values_;
  BranchFactors factors_;
};

}  // namespace

std::unique_ptr<HeadTasks> branchHeads(int64_t rows, int64_t heads, const HeadSettings& settings,
                                       const SharedPrompts& prompts, const at::Tensor& keys, const at::Tensor& values,
                                       int64_t length, int64_t shares) {
  TORCH_CHECK(keys.dim() == 4, "expected caches [R, K, C, D], found ", keys.sizes());
  const int64_t keyHeads = keys.size(1), width = keys.size(3);
  TORCH_CHECK(keyHeads > 0 && heads > 0 && heads % keyHeads == 0 && width > 0 && width % 2 == 0, "heads ", heads,
              " do not share ", keyHeads);
  checkBranchCaches(keys, values, rows, length + 1, keyHeads, width);
  checkBranchCaches(prompts.keys, prompts.values, 1, prompts.length, keyHeads, width);
  TORCH_CHECK(anglesFit(settings, rows, width), "the angles do not fit the heads");
  const BranchSizes sizes{heads, keyHeads, width, keys.size(2), length, prompts.keys.size(2), prompts.length,
                          static_cast<float>(settings.scale), static_cast<float>(settings.epsilon)};
  const int64_t angleRow = settings.cosine.numel() == width ? 0 : width;
  return std::make_unique<BranchHeads>(sizes, settings, prompts, runsOf(prompts.owners, rows, shares), keys, values,
                                       angleRow);
}

}  // namespace laurel
