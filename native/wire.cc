#include "wire.h"

#include <ATen/ScalarOps.h>
#include <ATen/core/jit_type.h>

#include <cmath>

namespace laurel {

using c10::IValue;

namespace {

constexpr double kLargestExactInteger = 9007199254740992.0;
constexpr int kTags = 8;

const char* nameOf(Tag tag) {
  static const char* const names[kTags] = {"nothing", "null", "a number", "a boolean", "a tensor", "a string", "a list", "a generator"};
  return names[static_cast<int>(tag)];
}

[[noreturn]] void mismatch(const char* expected, Tag found) {
  C10_THROW_ERROR(Error, c10::str("expected ", expected, ", found ", nameOf(found)));
}

Tag toTag(double word) {
  TORCH_CHECK(word >= 0 && word < kTags, "unknown tag ", word, " on the wire");
  return static_cast<Tag>(static_cast<int>(word));
}

c10::List<int64_t> repeat(int64_t value, const ArgumentPlan& plan) {
  return c10::List<int64_t>(std::vector<int64_t>(std::max<size_t>(1, plan.fixedLength), value));
}

bool isEmptyList(const IValue& value) { return value.isList() && value.toListRef().empty(); }

bool isExactInteger(double value) { return std::trunc(value) == value && std::fabs(value) <= kLargestExactInteger; }

}  // namespace

WireReader::WireReader(Environment& environment, int64_t words) : environment_(environment), end_(static_cast<size_t>(words)) {
  TORCH_CHECK(words >= 0 && words % 2 == 0 && end_ <= environment.wireLength, words, " words of arguments do not fit the wire");
}

Tag WireReader::peek() const { return done() ? Tag::kAbsent : toTag(environment_.wire[position_]); }

WireReader::Word WireReader::next() {
  TORCH_CHECK(!done(), "the argument list ends too early");
  const Word word{toTag(environment_.wire[position_]), environment_.wire[position_ + 1]};
  position_ += 2;
  return word;
}

int64_t WireReader::readInteger() {
  const auto [tag, value] = next();
  if (tag == Tag::kBoolean) return value != 0;
  if (tag != Tag::kNumber) mismatch("an integer", tag);
  TORCH_CHECK(isExactInteger(value), "expected an integer, found ", value);
  return static_cast<int64_t>(value);
}

// libtorch indexes tables with these codes unchecked.
int64_t WireReader::readCode(const char* what, int64_t end) {
  const int64_t code = readInteger();
  TORCH_CHECK(code >= 0 && code < end, "unknown ", what, " code ", code);
  return code;
}

double WireReader::readFloat() {
  const auto [tag, value] = next();
  if (tag != Tag::kNumber) mismatch("a number", tag);
  return value;
}

bool WireReader::readBoolean() {
  const auto [tag, value] = next();
  if (tag != Tag::kBoolean) mismatch("a boolean", tag);
  return value != 0;
}

const std::string& WireReader::readString() {
  const auto [tag, index] = next();
  if (tag != Tag::kString) mismatch("a string", tag);
  return environment_.strings.at(index);
}

at::Scalar WireReader::readScalar() {
  const auto [tag, value] = next();
  if (tag == Tag::kBoolean) return at::Scalar(value != 0);
  if (tag != Tag::kNumber) mismatch("a number", tag);
  // A whole number keeps integer tensors integer; floating tensors are unaffected.
  if (isExactInteger(value) && !(value == 0 && std::signbit(value))) return at::Scalar(static_cast<int64_t>(value));
  return at::Scalar(value);
}

// A number where a tensor is asked for becomes a wrapped scalar, which does not promote the other operand.
at::Tensor WireReader::readTensor(bool mayBeNumber, bool mayBeNull) {
  const Tag tag = peek();
  if (mayBeNumber && (tag == Tag::kNumber || tag == Tag::kBoolean)) return at::native::wrapped_scalar_tensor(readScalar());
  const double handle = next().payload;
  if (mayBeNull && tag == Tag::kNull) return at::Tensor();
  if (tag != Tag::kTensor) mismatch("a tensor", tag);
  return environment_.tensor(handle);
}

size_t WireReader::readLength() {
  const auto [tag, length] = next();
  if (tag != Tag::kList) mismatch("a list", tag);
  TORCH_CHECK(length >= 0 && length <= static_cast<double>((end_ - position_) / 2), "the list ends too early");
  return static_cast<size_t>(length);
}

template <typename Element, typename Read>
c10::List<Element> WireReader::collect(size_t length, Read read) {
  c10::List<Element> list;
  list.reserve(length);
  for (size_t i = 0; i < length; ++i) list.push_back(read());
  return list;
}

IValue WireReader::readList(const ArgumentPlan& plan) {
  // `int[2] padding` also takes one number, meaning the same for every entry.
  if (plan.kind == Kind::kInteger && peek() == Tag::kNumber) return repeat(readInteger(), plan);
  const size_t length = readLength();
  if (plan.fixedLength > 0 && length != plan.fixedLength) {
    if (plan.kind == Kind::kInteger && length == 1) return repeat(readInteger(), plan);
    TORCH_CHECK(length == 0 && isEmptyList(plan.defaultValue), "expected ", plan.fixedLength, " elements, found ", length);
  }
  if (plan.hasOptionalElements) {
    c10::impl::GenericList list(c10::OptionalType::ofTensor());
    for (size_t i = 0; i < length; ++i) {
      const at::Tensor tensor = readTensor(true, true);
      list.push_back(tensor.defined() ? IValue(tensor) : IValue());
    }
    return list;
  }
  switch (plan.kind) {
    case Kind::kTensor:
      return collect<at::Tensor>(length, [&] { return readTensor(!plan.isWritten, false); });
    case Kind::kInteger:
      return collect<int64_t>(length, [this] { return readInteger(); });
    case Kind::kFloat:
      return collect<double>(length, [this] { return readFloat(); });
    case Kind::kBoolean:
      return collect<bool>(length, [this] { return readBoolean(); });
    case Kind::kScalar:
      return collect<at::Scalar>(length, [this] { return readScalar(); });
    case Kind::kString:
      return collect<std::string>(length, [this] { return readString(); });
    default:
      TORCH_CHECK(false, "a list of this type cannot be passed from JavaScript");
  }
}

IValue WireReader::readOne(const ArgumentPlan& plan) {
  switch (plan.kind) {
    case Kind::kTensor:
      return readTensor(!plan.isWritten, false);
    case Kind::kInteger:
      return readInteger();
    case Kind::kFloat:
      return readFloat();
    case Kind::kBoolean:
      return readBoolean();
    case Kind::kScalar:
      return readScalar();
    case Kind::kString:
      return readString();
    case Kind::kDevice:
      return c10::Device(readString());
    case Kind::kDtype:
      return readCode("dtype", static_cast<int64_t>(at::ScalarType::Undefined));
    case Kind::kLayout:
      return readCode("layout", static_cast<int64_t>(at::Layout::NumOptions));
    case Kind::kMemoryFormat:
      return readCode("memory format", static_cast<int64_t>(at::MemoryFormat::NumOptions));
    case Kind::kGenerator: {
      const auto [tag, handle] = next();
      if (tag != Tag::kGenerator) mismatch("a generator", tag);
      return environment_.generator(handle);
    }
    case Kind::kUnsupported:
      break;
  }
  TORCH_CHECK(false, "a value of this type cannot be passed from JavaScript");
}

IValue WireReader::read(const ArgumentPlan& plan) {
  if (plan.isOptional && peek() == Tag::kNull) {
    skip();
    return IValue();
  }
  return plan.isList ? readList(plan) : readOne(plan);
}

namespace {

class WireWriter {
 public:
  explicit WireWriter(Environment& environment) : environment_(environment) {}

  void write(const IValue& value) {
    if (value.isTensor()) return putTensor(value.toTensor());
    if (value.isNone()) return put(Tag::kNull, 0);
    if (value.isBool()) return put(Tag::kBoolean, value.toBool() ? 1 : 0);
    if (value.isInt()) return put(Tag::kNumber, static_cast<double>(value.toInt()));
    if (value.isDouble()) return put(Tag::kNumber, value.toDouble());
    if (value.isString()) return put(Tag::kString, environment_.strings.insert(value.toStringRef()));
    if (value.isDevice()) return put(Tag::kString, environment_.strings.insert(value.toDevice().str()));
    if (value.isList()) return putAll(value.toListRef());
    if (value.isTuple()) return putAll(value.toTuple()->elements());
    TORCH_CHECK(false, "results of type ", value.tagKind(), " cannot be returned to JavaScript");
  }

  // Gives back the handles already written.
  void undo() {
    for (size_t i = 0; i < position_; i += 2)
      if (toTag(environment_.wire[i]) == Tag::kTensor) environment_.tensors.erase(environment_.wire[i + 1]);
  }

  size_t length() const { return position_; }

 private:
  template <typename Values>
  void putAll(const Values& values) {
    put(Tag::kList, static_cast<double>(values.size()));
    for (const auto& element : values) write(element);
  }

  void putTensor(const at::Tensor& tensor) {
    requireRoom();
    put(tensor.defined() ? Tag::kTensor : Tag::kNull, tensor.defined() ? environment_.tensors.insert(tensor) : 0);
  }

  void put(Tag tag, double payload) {
    requireRoom();
    environment_.wire[position_++] = static_cast<double>(static_cast<int>(tag));
    environment_.wire[position_++] = payload;
  }

  void requireRoom() const {
    TORCH_CHECK(position_ + 2 <= environment_.wireLength, "the results exceed ", environment_.wireLength / 2, " values");
  }

  Environment& environment_;
  size_t position_ = 0;
};

}  // namespace

size_t writeResults(Environment& environment, const torch::jit::Stack& results) {
  WireWriter writer(environment);
  try {
    for (const auto& value : results) writer.write(value);
  } catch (...) {
    writer.undo();
    throw;
  }
  return writer.length();
}

}  // namespace laurel
