/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "parrot-codec.h"

#include <string.h>

#define MAGIC "PARROT/1"

void
parrot_answer_clear (ParrotAnswer *self)
{
  g_clear_object (&self->address);
  g_clear_pointer (&self->refusal, g_free);
}

static const char *
protocol_name (PlumProtocol protocol)
{
  return protocol == PLUM_PROTOCOL_TCP ? "tcp" : "udp";
}

static GBytes *
take_line (char *line)
{
  return g_bytes_new_take (line, strlen (line));
}

GBytes *
parrot_encode_hello (guint32 number)
{
  return take_line (g_strdup_printf (MAGIC " %08x HELLO", number));
}

GBytes *
parrot_encode_map (
  guint32 number, PlumProtocol protocol, guint internal_port, guint external_port, guint lifetime)
{
  return take_line (g_strdup_printf (MAGIC " %08x MAP %s %u %u %u", number,
                                     protocol_name (protocol), internal_port, external_port,
                                     lifetime));
}

GBytes *
parrot_encode_ask (guint32 number, PlumProtocol protocol, guint internal_port)
{
  return take_line (
    g_strdup_printf (MAGIC " %08x ASK %s %u", number, protocol_name (protocol), internal_port));
}

static gboolean
parse_number (const char *word, guint64 max, guint *out)
{
  guint64 value;

  if (!g_ascii_string_to_unsigned (word, 10, 1, max, &value, NULL))
    return FALSE;

  *out = (guint) value;
  return TRUE;
}

/* The words after OK: an address, and for MAP the granted port and lifetime. */
static gboolean
parse_grant (char **words, ParrotAnswer *answer)
{
  guint n = g_strv_length (words);

  if (n != 1 && n != 3)
    return FALSE;

  answer->address = g_inet_address_new_from_string (words[0]);
  return answer->address != NULL &&
         (n == 1 || (parse_number (words[1], G_MAXUINT16, &answer->external_port) &&
                     parse_number (words[2], G_MAXUINT32, &answer->lifetime)));
}

static gboolean
parse_answer (char **words, guint32 number, ParrotAnswer *answer)
{
  g_autofree char *expected = g_strdup_printf ("%08x", number);

  if (g_strv_length (words) < 3 || !g_str_equal (words[0], MAGIC) ||
      !g_str_equal (words[1], expected))
    return FALSE;

  if (g_str_equal (words[2], "NO"))
    {
      answer->refusal =
        words[3] != NULL ? g_strjoinv (" ", words + 3) : g_strdup ("no reason given");
      return TRUE;
    }

  return g_str_equal (words[2], "OK") && parse_grant (words + 3, answer);
}

gboolean
parrot_decode_answer (
  const char *data, gsize len, guint32 number, ParrotAnswer *out, GError **error)
{
  g_autofree char *line = NULL;
  g_auto (GStrv) words = NULL;
  g_auto (ParrotAnswer) answer = { NULL };

  /* Bytes from the network are checked before they are used as text. */
  if (len > 0 && len <= PARROT_MAX && g_utf8_validate_len (data, len, NULL))
    {
      line = g_strndup (data, len);
      words = g_strsplit (g_strchomp (line), " ", 16);
    }

  if (words == NULL || !parse_answer (words, number, &answer))
    {
      g_set_error (error, PLUM_ERROR, PLUM_ERROR_MALFORMED,
                   "Parrot: received %" G_GSIZE_FORMAT
                   " bytes; expected a response to request %08x",
                   len, number);
      return FALSE;
    }

  *out = answer;
  answer = (ParrotAnswer){ NULL };
  return TRUE;
}
