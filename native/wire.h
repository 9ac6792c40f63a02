// Arguments and results travel as numbers in one Float64Array shared with JavaScript, each value a tag and
// a payload. Reading memory is several times cheaper than asking Node-API for each argument.
#pragma once

#include <ATen/core/ivalue.h>
#include <ATen/core/stack.h>

#include "environment.h"

namespace laurel {

enum class Tag : int {
  kAbsent = 0,     // use the schema's default
  kNull = 1,       // None, or an undefined tensor
  kNumber = 2,     // payload: the value
  kBoolean = 3,    // payload: 0 or 1
  kTensor = 4,     // payload: handle
  kString = 5,     // payload: index of an interned string
  kList = 6,       // payload: length; the elements follow
  kGenerator = 7,  // payload: handle
};

// Reads one value after another, converting each to what the operator's schema asks for.
class WireReader {
 public:
  WireReader(Environment& environment, int64_t words);
  Tag peek() const;
  bool done() const { return position_ >= end_; }
  void skip() { position_ += 2; }
  c10::IValue read(const ArgumentPlan& plan);

 private:
  struct Word {
    Tag tag;
    double payload;
  };
  Word next();
  c10::IValue readOne(const ArgumentPlan& plan);
  c10::IValue readList(const ArgumentPlan& plan);
  size_t readLength();
  at::Tensor readTensor(bool mayBeNumber, bool mayBeNull);
  at::Scalar readScalar();
  int64_t readInteger();
  int64_t readCode(const char* what, int64_t end);
  double readFloat();
  bool readBoolean();
  const std::string& readString();
  template <typename Element, typename Read>
  c10::List<Element> collect(size_t length, Read read);

  Environment& environment_;
  size_t position_ = 0;
  size_t end_;
};

// Writes an operator's results, all or none; tensors become new handles.
// Returns the words written.
size_t writeResults(Environment& environment, const torch::jit::Stack& results);

}  // namespace laurel
