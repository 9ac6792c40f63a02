#include "panels.h"

namespace laurel {
namespace {

int64_t roundUp(int64_t value, int64_t step) { return (value + step - 1) / step * step; }

int64_t panelWidthAt(int64_t column, int64_t columns) {
  return std::min(panelWidth(), roundUp(columns - column, kPanelStep));
}

LAUREL_KERNELS_BEGIN

LAUREL_KERNEL void layOutRows(const float* from, int64_t stride, int64_t depth, int64_t columns, float* to) {
  for (int64_t first = 0; first < columns; first += panelWidth()) {
    const int64_t width = panelWidthAt(first, columns), present = std::min(width, columns - first);
    for (int64_t k = 0; k < depth; k++, to += width) {
      for (int64_t j = 0; j < present; j++) to[j] = from[k * stride + first + j];
      for (int64_t j = present; j < width; j++) to[j] = 0.0f;
    }
  }
}

LAUREL_KERNEL void layOutColumns(const float* from, int64_t stride, int64_t depth, int64_t columns, float* to) {
  for (int64_t first = 0; first < columns; first += panelWidth()) {
    const int64_t width = panelWidthAt(first, columns), present = std::min(width, columns - first);
    for (int64_t k = 0; k < depth; k++, to += width) {
      for (int64_t j = 0; j < present; j++) to[j] = from[(first + j) * stride + k];
      for (int64_t j = present; j < width; j++) to[j] = 0.0f;
    }
  }
}

LAUREL_KERNELS_END

}  // namespace

int64_t panelNumbers(int64_t depth, int64_t columns) { return depth * roundUp(columns, kPanelStep); }

void packRows(const float* from, int64_t stride, int64_t depth, int64_t columns, float* to) {
  layOutRows(from, stride, depth, columns, to);
}

void packColumns(const float* from, int64_t stride, int64_t depth, int64_t columns, float* to) {
  layOutColumns(from, stride, depth, columns, to);
}

void multiplyPanels(TileArguments block, const Panels& panels, const Range& columns, int64_t depthBegin) {
  float* const c = block.c;
  const bool adds = block.addend != nullptr;
  for (int64_t first = columns.begin; first < columns.end; first += panelWidth()) {
    block.width = panelWidthAt(first, panels.columns);
    block.columns = std::min(block.width, columns.end - first);
    block.panel = panels.numbers + first * panels.depth + depthBegin * block.width;
    block.c = c + first;
    block.addend = adds ? block.c : nullptr;
    multiplyTile(block);
  }
}

}  // namespace laurel
