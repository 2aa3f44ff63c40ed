//===- Npy.cpp - NumPy's .npy files ---------------------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A file is: "\x93NUMPY", major and minor version, the length of the header
// (u16 in version 1, u32 from 2 on), the header, the elements in row-major
// order. The length of the file bounds every allocation.
//
//===----------------------------------------------------------------------===//

#include "support/Npy.h"

#include "support/ReadFile.h"

#include "attnjit/Support/AtomicFile.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

using namespace attnjit;
using namespace attnjit::tool;

static constexpr std::string_view kMagic = "\x93NUMPY";
/// NumPy itself stops at 10,000; a header of four axes has about 100.
static constexpr int64_t kMaxHeaderBytes = 1 << 16;
/// Elements start at a multiple of this.
static constexpr size_t kDataAlignment = 64;

namespace {
struct TypeName {
  std::string_view descr; ///< without the byte order
  DType dtype;
};
} // namespace

static constexpr TypeName kTypes[] = {
    {"f4", DType::F32},  {"f2", DType::F16},  {"bfloat16", DType::BF16},
    {"V2", DType::BF16}, {"i4", DType::I32},  {"i8", DType::I64},
    {"u1", DType::U8},   {"b1", DType::Bool},
};

static tl::unexpected<Error> badFile(std::string message) {
  return fail(ErrorKind::InvalidArgument, std::move(message));
}

Expected<DType> tool::parseNpyType(std::string_view descr, bool uint16AsBf16) {
  std::string_view type = descr;
  char order = '=';
  if (!type.empty() &&
      std::string_view("<>|=").find(type.front()) != std::string_view::npos) {
    order = type.front();
    type.remove_prefix(1);
  }
  if (type == "u2" && order != '>' && uint16AsBf16)
    return DType::BF16;
  const TypeName *known = std::ranges::find(kTypes, type, &TypeName::descr);
  if (known != std::end(kTypes) &&
      (order != '>' || sizeBytes(known->dtype) == 1))
    return known->dtype;
  if (known != std::end(kTypes))
    return badFile(fmt::format("elements are `{}`, big-endian; they should be "
                               "little-endian",
                               descr));
  constexpr size_t kShown = 32;
  return badFile(fmt::format(
      "elements are `{}`; they should be float32, float16, bfloat16 (from "
      "ml_dtypes, or uint16 with --dtype bf16), int32, int64, uint8 or bool",
      descr.substr(0, kShown)));
}

namespace {

/// An open file and how much of it has been read.
class NpyFile {
public:
  explicit NpyFile(const std::filesystem::path &path) : path(path) {}

  Expected<Array> read(const NpyOptions &options);

private:
  Expected<void> open();
  /// The text of the header; leaves the file at its elements.
  Expected<std::string> headerText();
  Expected<void> readExactly(std::span<std::byte> bytes);

  const std::filesystem::path &path;
  FileDescriptor fd;
  int64_t remaining = 0; ///< bytes not read yet
};

} // namespace

Expected<void> NpyFile::open() {
  // A pipe without a writer would otherwise be waited for.
  fd = FileDescriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat status;
  if (!fd || ::fstat(fd.get(), &status) != 0)
    return failRead(path, errno);
  if (!S_ISREG(status.st_mode))
    return badFile("not a regular file");
  remaining = status.st_size;
  return {};
}

Expected<void> NpyFile::readExactly(std::span<std::byte> bytes) {
  Expected<size_t> count = readFully(fd.get(), bytes, path);
  if (!count)
    return fail(count.error());
  // The file may have been cut off since its length was asked for.
  if (*count < bytes.size())
    return badFile("the file is cut off");
  remaining -= static_cast<int64_t>(bytes.size());
  return {};
}

Expected<std::string> NpyFile::headerText() {
  std::array<unsigned char, 8> start = {};
  if (remaining < static_cast<int64_t>(start.size()))
    return badFile("not a .npy file: it is too short");
  if (Expected<void> ok = readExactly(std::as_writable_bytes(std::span(start)));
      !ok)
    return fail(ok.error());
  if (std::memcmp(start.data(), kMagic.data(), kMagic.size()) != 0)
    return badFile("not a .npy file: it does not start with \\x93NUMPY");
  const int major = start[6];
  if (major < 1 || major > 3)
    return badFile(fmt::format("version {}.{} of the .npy format; known are "
                               "1.0, 2.0 and 3.0",
                               major, start[7]));
  std::array<unsigned char, 4> length = {};
  if (Expected<void> ok = readExactly(
          std::as_writable_bytes(std::span(length).first(major == 1 ? 2 : 4)));
      !ok)
    return fail(ok.error());
  const int64_t headerBytes = int64_t(length[0]) | int64_t(length[1]) << 8 |
                              int64_t(length[2]) << 16 |
                              int64_t(length[3]) << 24;
  if (headerBytes > kMaxHeaderBytes)
    return badFile(fmt::format("a header of {} bytes; it should have at most "
                               "{}",
                               headerBytes, kMaxHeaderBytes));
  if (headerBytes > remaining)
    return badFile("the file is cut off within its header");
  std::string text(static_cast<size_t>(headerBytes), '\0');
  if (Expected<void> ok = readExactly(std::as_writable_bytes(std::span(text)));
      !ok)
    return fail(ok.error());
  return text;
}

Expected<Array> NpyFile::read(const NpyOptions &options) {
  if (Expected<void> ok = open(); !ok)
    return fail(ok.error());
  Expected<std::string> text = headerText();
  if (!text)
    return fail(text.error());
  Expected<NpyHeader> header = parseNpyHeader(*text);
  if (!header)
    return fail(header.error());
  Expected<DType> dtype = parseNpyType(header->descr, options.uint16AsBf16);
  if (!dtype)
    return fail(dtype.error());
  // Both orders are the same where only one axis has more than one element.
  if (header->fortranOrder &&
      std::ranges::count_if(header->shape,
                            [](int64_t size) { return size != 1; }) > 1)
    return badFile("elements are in Fortran order; save "
                   "numpy.ascontiguousarray(x) instead");
  Expected<int64_t> wanted = contiguousBytes(*dtype, header->shape);
  if (!wanted)
    return fail(wanted.error());
  if (*wanted != remaining)
    return badFile(fmt::format("{}[{}] takes {} bytes; the file has {} behind "
                               "its header",
                               name(*dtype), fmt::join(header->shape, ", "),
                               *wanted, remaining));
  Expected<Array> array = Array::allocate(*dtype, header->shape);
  if (!array)
    return array;
  if (Expected<void> ok = readExactly(array->bytes()); !ok)
    return fail(ok.error());
  return array;
}

Expected<Array> tool::readNpy(const std::filesystem::path &file,
                              const NpyOptions &options) {
  Expected<Array> array = NpyFile(file).read(options);
  if (array || array.error().message().starts_with("cannot read"))
    return array;
  return fail(Error(array.error()).in(fmt::format("`{}`", file.native())));
}

static std::string_view descrOf(DType dtype) {
  switch (dtype) {
  case DType::F32:
    return "<f4";
  case DType::F16:
    return "<f2";
  case DType::BF16:
    return "<V2";
  case DType::I32:
    return "<i4";
  case DType::I64:
    return "<i8";
  case DType::U8:
    return "|u1";
  case DType::Bool:
    return "|b1";
  }
  return "";
}

Expected<void> tool::writeNpy(const std::filesystem::path &file,
                              const Array &array) {
  const Tensor &tensor = array.view();
  std::span shape(tensor.shape.data(), static_cast<size_t>(tensor.rank));
  std::string header = fmt::format(
      "{{'descr': '{}', 'fortran_order': False, 'shape': ({}{}), }}",
      descrOf(tensor.dtype), fmt::join(shape, ", "),
      shape.size() == 1 ? "," : "");
  // Magic, two bytes of version, two of length; a newline ends the header.
  size_t start = kMagic.size() + 4;
  header.resize((start + header.size()) / kDataAlignment * kDataAlignment +
                    kDataAlignment - start - 1,
                ' ');
  header += '\n';

  std::string contents(kMagic);
  contents += '\1';
  contents += '\0';
  contents += static_cast<char>(header.size() & 0xff);
  contents += static_cast<char>(header.size() >> 8);
  contents += header;
  std::span<const std::byte> bytes = array.bytes();
  contents.append(reinterpret_cast<const char *>(bytes.data()), bytes.size());
  return writeFileAtomically(file, std::string_view(contents));
}
