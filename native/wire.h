// Arguments and results travel as numbers in one Float64Array shared with JavaScript, each value a tag and
// a payload. Reading memory is several times cheaper than asking Node-API for each argument.
#pragma once

#include <ATen/core/ivalue.h>
#include <ATen/core/jit_type.h>

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
  WireReader(Environment& environment, size_t length) : environment_(environment), end_(length) {
    TORCH_CHECK(length <= environment.wireLength, "argument list is longer than the wire");
  }
  Tag peek() const { return position_ < end_ ? static_cast<Tag>(static_cast<int>(environment_.wire[position_])) : Tag::kAbsent; }
  bool done() const { return position_ >= end_; }
  void skip() { position_ += 2; }
  c10::IValue read(const c10::TypePtr& type);

 private:
  std::pair<Tag, double> next();
  c10::IValue readList(const c10::TypePtr& element);
  at::Tensor readTensor();
  at::Scalar readScalar();
  int64_t readInteger();
  double readNumber();
  bool readBoolean();
  std::string readString();

  Environment& environment_;
  size_t position_ = 0;
  size_t end_;
};

// Writes results back; tensors become new handles.
class WireWriter {
 public:
  explicit WireWriter(Environment& environment) : environment_(environment) {}
  void write(const c10::IValue& value);
  size_t length() const { return position_; }

 private:
  void put(Tag tag, double payload);
  void putTensor(const at::Tensor& tensor);
  void putString(const std::string& text);

  Environment& environment_;
  size_t position_ = 0;
};

// Whether values of this type can cross in the direction named.
bool isReadable(const c10::TypePtr& type);
bool isWritable(const c10::TypePtr& type);

double internString(Environment& environment, const std::string& text);

}  // namespace laurel
