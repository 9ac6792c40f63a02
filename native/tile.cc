#include "tile.h"

#include "processor.h"

namespace laurel {
namespace {

template <int kWidth>
struct VectorOf;
template <>
struct VectorOf<16> {
  typedef float Type __attribute__((vector_size(64)));
};
template <>
struct VectorOf<8> {
  typedef float Type __attribute__((vector_size(32)));
};
template <>
struct VectorOf<4> {
  typedef float Type __attribute__((vector_size(16)));
};

LAUREL_KERNELS_BEGIN

// Through memcpy, since numbers stand anywhere; it compiles to one unaligned move.
template <int kWidth>
LAUREL_INLINE void load(const float* from, typename VectorOf<kWidth>::Type& to) {
  std::memcpy(&to, from, sizeof(to));
}

// The part of a vector that lies before C's last column.
__attribute__((noinline)) void storePart(const float* sums, const TileArguments& block, int64_t row, int64_t column) {
  const int64_t place = row * block.cRow + column;
  for (int64_t i = 0; i < block.columns - column; i++) {
    const float bias = block.bias == nullptr ? 0.0f : block.bias[column + i];
    const float more = block.addend == nullptr ? 0.0f : block.addend[place + i];
    block.c[place + i] = sums[i] + bias + more;
  }
}

// One vector of a finished row, with what is added to it.
template <int kWidth>
LAUREL_INLINE void storeVector(typename VectorOf<kWidth>::Type& sum, const TileArguments& block, int64_t row,
                               int64_t column) {
  typename VectorOf<kWidth>::Type other;
  float* const to = block.c + row * block.cRow + column;
  const float* const more = block.addend == nullptr ? nullptr : block.addend + row * block.cRow + column;
  if (column + kWidth <= block.columns) {
    if (block.bias != nullptr) {
      load<kWidth>(block.bias + column, other);
      sum += other;
    }
    if (more != nullptr) {
      load<kWidth>(more, other);
      sum += other;
    }
    std::memcpy(to, &sum, sizeof(sum));
    return;
  }
  float numbers[kWidth];
  std::memcpy(numbers, &sum, sizeof(sum));
  storePart(numbers, block, row, column);
}

// Numbers asked for in advance while a tile is computed. Panels stand one after another, in a cache too distant to wait
// for: the tiles of one ask for the next one, each for its share of it, a few numbers with every step.
struct Advance {
  const float* from;
  int64_t step;
};

// Numbers that arrive together.
constexpr int64_t kLine = 16;

template <int kWidth, int kRows, int kVectors>
LAUREL_INLINE void tile(const TileArguments& block, int64_t row, int64_t column, const Advance& next) {
  using Vector = typename VectorOf<kWidth>::Type;
  Vector sums[kRows][kVectors] = {};
  const float* a = block.a + row * block.aRow;
  const float* b = block.panel + column;
  const float* ahead = next.from;
  for (int64_t k = 0; k < block.depth; k++, a += block.aStep, b += block.width, ahead += next.step) {
    Vector across[kVectors];
#pragma GCC unroll 8
    for (int j = 0; j < kVectors * kWidth; j += kLine) __builtin_prefetch(ahead + j, 0, 2);
#pragma GCC unroll 8
    for (int j = 0; j < kVectors; j++) load<kWidth>(b + j * kWidth, across[j]);
#pragma GCC unroll 16
    for (int i = 0; i < kRows; i++) {
      const float x = a[i * block.aRow];
#pragma GCC unroll 8
      for (int j = 0; j < kVectors; j++) sums[i][j] += across[j] * x;
    }
  }
#pragma GCC unroll 16
  for (int i = 0; i < kRows; i++)
#pragma GCC unroll 8
    for (int j = 0; j < kVectors; j++) storeVector<kWidth>(sums[i][j], block, row + i, column + j * kWidth);
}

// Rows that are left when no full tile fits.
template <int kWidth, int kRows, int kVectors>
LAUREL_INLINE void lastRows(const TileArguments& block, int64_t row, int64_t column, const Advance& next) {
  if constexpr (kRows > 0) {
    if (block.rows - row == kRows) return tile<kWidth, kRows, kVectors>(block, row, column, next);
    lastRows<kWidth, kRows - 1, kVectors>(block, row, column, next);
  }
}

// A row or two alone would have too few sums under way to keep the multipliers busy: they share the last full tile.
constexpr int64_t kFewRows = 2;

// Takes the next tile of rows; returns the row after it.
template <int kWidth, int kRows, int kVectors>
LAUREL_INLINE int64_t nextRows(const TileArguments& block, int64_t row, int64_t column, const Advance& next) {
  constexpr int kShared = kRows / 2 + 1;
  const int64_t left = block.rows - row;
  if (left == kRows || left > kRows + kFewRows) {
    tile<kWidth, kRows, kVectors>(block, row, column, next);
    return row + kRows;
  }
  if (left > kRows) {
    tile<kWidth, kShared, kVectors>(block, row, column, next);
    return row + kShared;
  }
  lastRows<kWidth, kRows - 1, kVectors>(block, row, column, next);
  return block.rows;
}

template <int kWidth, int kRows, int kVectors>
LAUREL_INLINE void allRows(const TileArguments& block, int64_t column) {
  const int64_t tiles = std::max<int64_t>(1, (block.rows + kRows - 1) / kRows);
  Advance next{block.panel + block.depth * block.width, (block.width + tiles - 1) / tiles};
  for (int64_t row = 0; row < block.rows; next.from += block.depth * next.step)
    row = nextRows<kWidth, kRows, kVectors>(block, row, column, next);
}

#if defined(__x86_64__)
// 32 registers of 16 numbers: 8 rows by 3 vectors.
__attribute__((target("avx512f,avx512vl,avx512dq,avx512bw,fma"))) void multiplyAvx512(const TileArguments& block) {
  if (block.width == 48) return allRows<16, 8, 3>(block, 0);
  if (block.width == 32) return allRows<16, 8, 2>(block, 0);
  allRows<16, 8, 1>(block, 0);
}

// 16 registers of 8 numbers: 6 rows by 2 vectors. Its own panels are one strip.
__attribute__((target("avx2,fma"))) void multiplyAvx2(const TileArguments& block) {
  for (int64_t column = 0; column < block.width; column += 16) allRows<8, 6, 2>(block, column);
}
#endif

void multiplyPlain(const TileArguments& block) {
  for (int64_t column = 0; column < block.width; column += 8) allRows<4, 6, 2>(block, column);
}

LAUREL_KERNELS_END

// What this processor multiplies with, and the panels that it then reads from one end to the other.
struct Multiplier {
  void (*multiply)(const TileArguments&);
  int64_t panelWidth;
};

Multiplier widestMultiplier() {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (hasAvx512()) return {multiplyAvx512, kWidestPanel};
  if (hasAvx2()) return {multiplyAvx2, 16};
#endif
  return {multiplyPlain, kPanelStep};
}

const Multiplier& multiplier() {
  static const Multiplier widest = widestMultiplier();
  return widest;
}

}  // namespace

void multiplyTile(const TileArguments& block) { multiplier().multiply(block); }

int64_t panelWidth() { return multiplier().panelWidth; }

}  // namespace laurel
