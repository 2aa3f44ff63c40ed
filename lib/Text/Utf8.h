//===- Utf8.h - Code points of UTF-8 text -----------------------*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes bytes; gives the length of the code point at their start.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_LIB_TEXT_UTF8_H
#define ATTNJIT_LIB_TEXT_UTF8_H

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace attnjit {

/// Length in bytes of the well-formed code point at the start of `text` (not
/// empty); 0 where there is none: a stray byte, an overlong form, a surrogate,
/// a value past U+10FFFF, a code point cut off by the end.
inline size_t utf8Length(std::string_view text) {
  auto lead = static_cast<uint8_t>(text[0]);
  if (lead < 0x80)
    return 1;
  size_t length = lead < 0xC2 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  if (length == 0 || lead > 0xF4 || text.size() < length)
    return 0;
  uint32_t value = lead & (0x7F >> length);
  for (size_t i = 1; i < length; ++i) {
    auto byte = static_cast<uint8_t>(text[i]);
    if ((byte & 0xC0) != 0x80)
      return 0;
    value = value << 6 | (byte & 0x3F);
  }
  bool isOverlong = value < (length == 3 ? 0x800u : length == 4 ? 0x10000u : 0);
  bool isSurrogate = value >= 0xD800 && value < 0xE000;
  return isOverlong || isSurrogate || value > 0x10FFFF ? 0 : length;
}

} // namespace attnjit

#endif // ATTNJIT_LIB_TEXT_UTF8_H
