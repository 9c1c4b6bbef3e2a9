/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>
#include <stdint.h>
#include <string.h>

G_BEGIN_DECLS

/* The only code that indexes the bytes of a datagram. Codecs read through PlumReader and write
 * through PlumWriter, which do not pass the end of the buffer. All integers are big-endian. */

/* Reads borrowed bytes. Each read checks the bounds. After the first short read the reader has
 * failed and returns zeros, so that a decoder needs to check plum_reader_ok () only once. */
typedef struct
{
  const uint8_t *data;
  size_t len;
  size_t pos;
  gboolean failed;
} PlumReader;

#define PLUM_READER_INIT(d, l)                                                                     \
  {                                                                                                \
    .data = (d), .len = (l), .pos = 0, .failed = FALSE                                             \
  }

static inline const uint8_t *
plum_reader_take (PlumReader *r, size_t n)
{
  const uint8_t *p;

  if (r->failed || n > r->len - r->pos) /* pos <= len always: no overflow */
    {
      r->failed = TRUE;
      return NULL;
    }

  p = r->data + r->pos;
  r->pos += n;
  return p;
}

static inline uint32_t
plum_reader_be (PlumReader *r, size_t n) /* 1, 2 or 4 */
{
  const uint8_t *p = plum_reader_take (r, n);
  uint32_t v = 0;

  for (size_t i = 0; p != NULL && i < n; i++)
    v = (v << 8) | p[i];
  return v;
}

static inline void
plum_reader_bytes (PlumReader *r, uint8_t *out, size_t n)
{
  const uint8_t *p = plum_reader_take (r, n);

  if (p != NULL)
    memcpy (out, p, n);
  else
    memset (out, 0, n);
}

static inline size_t
plum_reader_left (const PlumReader *r)
{
  return r->failed ? 0 : r->len - r->pos;
}

static inline gboolean
plum_reader_ok (const PlumReader *r)
{
  return !r->failed;
}

/* Fills a buffer. A value that does not fit is not written, and plum_writer_finish () returns 0. */
typedef struct
{
  uint8_t *data;
  size_t size;
  size_t len;
  gboolean failed;
} PlumWriter;

#define PLUM_WRITER_INIT(d, s)                                                                     \
  {                                                                                                \
    .data = (d), .size = (s), .len = 0, .failed = FALSE                                            \
  }

static inline uint8_t *
plum_writer_take (PlumWriter *w, size_t n)
{
  uint8_t *p;

  if (w->failed || n > w->size - w->len)
    {
      w->failed = TRUE;
      return NULL;
    }

  p = w->data + w->len;
  w->len += n;
  return p;
}

static inline void
plum_writer_be (PlumWriter *w, uint32_t value, size_t n) /* 1, 2 or 4 */
{
  uint8_t *p = plum_writer_take (w, n);

  for (size_t i = 0; p != NULL && i < n; i++)
    p[i] = (uint8_t) (value >> (8 * (n - 1 - i)));
}

static inline void
plum_writer_bytes (PlumWriter *w, const uint8_t *bytes, size_t n)
{
  uint8_t *p = plum_writer_take (w, n);

  if (p != NULL && n > 0)
    memcpy (p, bytes, n);
}

static inline void
plum_writer_zeros (PlumWriter *w, size_t n)
{
  uint8_t *p = plum_writer_take (w, n);

  if (p != NULL && n > 0)
    memset (p, 0, n);
}

/* The length written; 0 if not all fitted. */
static inline size_t
plum_writer_finish (const PlumWriter *w)
{
  return w->failed ? 0 : w->len;
}

static inline void
plum_bytes_copy (uint8_t *to, const uint8_t *from, size_t n)
{
  memcpy (to, from, n);
}

static inline gboolean
plum_bytes_equal (const uint8_t *a, const uint8_t *b, size_t n)
{
  return memcmp (a, b, n) == 0;
}

G_END_DECLS
