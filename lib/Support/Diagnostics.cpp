//===- Diagnostics.cpp - Messages that point at source text ---------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes diagnostics and the source that their spans point into; gives text in
// which every code point of the source is one printable, visible thing, so
// that the caret stands under what it means on any terminal.
//
//===----------------------------------------------------------------------===//

#include "attnjit/Support/Diagnostics.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

using namespace attnjit;

std::string_view attnjit::name(DiagnosticKind kind) {
  static constexpr std::string_view kNames[] = {
#define ATTNJIT_DIAGNOSTIC(Name) #Name,
#include "attnjit/Support/Diagnostics.def"
  };
  auto index = static_cast<size_t>(kind);
  return index < std::size(kNames) ? kNames[index] : "Unknown";
}

/// Length in bytes of the well-formed UTF-8 code point at the start of `text`
/// (not empty), 0 where there is none. Surrogates, overlong forms and values
/// past U+10FFFF are not well-formed.
static size_t utf8Length(std::string_view text) {
  auto byte = [&](size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u;
  };
  auto continues = [&](size_t i) { return (byte(i) & 0xc0) == 0x80; };
  unsigned lead = byte(0);
  if (lead < 0x80)
    return 1;
  if (lead >= 0xc2 && lead <= 0xdf)
    return continues(1) ? 2 : 0;
  if (lead >= 0xe0 && lead <= 0xef) {
    bool lawful =
        (lead != 0xe0 || byte(1) >= 0xa0) && (lead != 0xed || byte(1) <= 0x9f);
    return lawful && continues(1) && continues(2) ? 3 : 0;
  }
  if (lead >= 0xf0 && lead <= 0xf4) {
    bool lawful =
        (lead != 0xf0 || byte(1) >= 0x90) && (lead != 0xf4 || byte(1) <= 0x8f);
    return lawful && continues(1) && continues(2) && continues(3) ? 4 : 0;
  }
  return 0;
}

/// Whether a well-formed code point is a control or a format character that
/// would move, hide or reorder what stands beside it.
static bool isUnprintable(std::string_view codePoint) {
  auto lead = static_cast<unsigned char>(codePoint[0]);
  if (codePoint.size() == 1)
    return lead < 0x20 || lead == 0x7f;
  auto second = static_cast<unsigned char>(codePoint[1]);
  if (lead == 0xc2)
    return second < 0xa0; // U+0080..U+009F
  // U+200B..U+200F, U+2028..U+202E and U+2060..U+206F: zero width, line
  // separators and directions; U+FEFF: byte order mark.
  if (codePoint.size() != 3)
    return false;
  auto third = static_cast<unsigned char>(codePoint[2]);
  if (lead == 0xe2 && second == 0x80)
    return (third >= 0x8b && third <= 0x8f) || (third >= 0xa8 && third <= 0xae);
  if (lead == 0xe2 && second == 0x81)
    return third >= 0xa0 && third <= 0xaf;
  return lead == 0xef && second == 0xbb && third == 0xbf;
}

namespace {
/// What one code point, or one stray byte, of a source line looks like.
struct Glyph {
  size_t sizeBytes;  ///< of the source
  std::string shown; ///< printable
  size_t width;      ///< columns that `shown` takes, combining marks aside
};
} // namespace

static Glyph readGlyph(std::string_view rest) {
  if (rest[0] == '\t')
    return {1, " ", 1};
  size_t length = utf8Length(rest);
  std::string_view bytes = rest.substr(0, std::max<size_t>(length, 1));
  if (length != 0 && !isUnprintable(bytes))
    return {length, std::string(bytes), 1};
  std::string escaped;
  for (char c : bytes)
    escaped += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
  size_t width = escaped.size();
  return {bytes.size(), std::move(escaped), width};
}

/// Longest part of a source line that is shown, in code points.
static constexpr size_t kMaxShown = 160;

namespace {
/// Walks a source once, forward, however many diagnostics point into it.
class SourceCursor {
public:
  explicit SourceCursor(std::string_view source) : source(source) {}

  /// Appends `diagnostic`; its span begins no earlier than the last one's.
  void render(const Diagnostic &diagnostic, std::string_view fileName,
              std::string &text);

private:
  void advance(size_t begin);
  bool atLineEnd(size_t from) const {
    std::string_view rest = source.substr(from);
    return rest.empty() || rest.starts_with('\n') || rest.starts_with("\r\n");
  }

  std::string_view source;
  size_t at = 0;
  size_t line = 1;
  std::vector<size_t> starts; ///< of the glyphs of this line before `at`
};
} // namespace

void SourceCursor::advance(size_t begin) {
  while (at < begin) {
    if (source[at] == '\n') {
      ++line;
      starts.clear();
      ++at;
      continue;
    }
    size_t length = std::max<size_t>(utf8Length(source.substr(at)), 1);
    if (at + length > begin)
      return; // inside a code point: the caret stands under all of it
    starts.push_back(at);
    at += length;
  }
}

void SourceCursor::render(const Diagnostic &diagnostic,
                          std::string_view fileName, std::string &text) {
  size_t begin = std::min<size_t>(diagnostic.span.begin, source.size());
  advance(begin);
  size_t end = std::max<size_t>(diagnostic.span.end, at + 1);
  size_t skipped = starts.size() - std::min(starts.size(), kMaxShown / 2);
  size_t from = skipped < starts.size() ? starts[skipped] : at;
  std::string shown = skipped ? "..." : "";
  std::string marks(shown.size(), ' ');
  for (size_t count = 0; !atLineEnd(from) && count < kMaxShown; ++count) {
    Glyph glyph = readGlyph(source.substr(from));
    shown += glyph.shown;
    if (from < end)
      marks.append(glyph.width, from < at ? ' ' : '~');
    from += glyph.sizeBytes;
  }
  if (!atLineEnd(from))
    shown += "...";

  size_t caret = std::min(marks.find('~'), marks.size());
  marks.resize(std::max(marks.size(), caret + 1));
  marks[caret] = '^';
  fmt::format_to(std::back_inserter(text), "{}:{}:{}: error: {}\n  {}\n  {}\n",
                 fileName, line, starts.size() + 1, diagnostic.message, shown,
                 marks);
  if (!diagnostic.hint.empty())
    fmt::format_to(std::back_inserter(text), "  hint: {}\n", diagnostic.hint);
}

std::string attnjit::render(const Diagnostic &diagnostic,
                            std::string_view fileName,
                            std::string_view source) {
  std::string text;
  SourceCursor(source).render(diagnostic, fileName, text);
  return text;
}

std::string attnjit::render(const std::vector<Diagnostic> &diagnostics,
                            std::string_view fileName,
                            std::string_view source) {
  std::vector<const Diagnostic *> ordered;
  ordered.reserve(diagnostics.size());
  for (const Diagnostic &diagnostic : diagnostics)
    ordered.push_back(&diagnostic);
  // Where two begin at one place, the order given: that of their addresses.
  std::sort(ordered.begin(), ordered.end(), [](auto *a, auto *b) {
    return std::pair(a->span.begin, a) < std::pair(b->span.begin, b);
  });
  std::string text;
  SourceCursor cursor(source);
  for (const Diagnostic *diagnostic : ordered)
    cursor.render(*diagnostic, fileName, text);
  return text;
}
