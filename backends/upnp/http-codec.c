/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "http-codec.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define MAX_HEAD 16384
#define MAX_LINE 256 /* the size of a chunk */
#define MAX_TAG 64   /* the end tag of a document */
#define MAX_WASTE 8  /* received bytes for each byte that is kept */
#define NO_LENGTH G_MAXSIZE
#define BLANKS " \t"

#define MANDATORY_HEADER "MAN: \"http://schemas.xmlsoap.org/soap/envelope/\"; ns=01\r\n"

typedef enum {
  READING_HEAD,
  READING_BODY, /* up to its length or to the end of the connection */
  READING_CHUNK_SIZE,
  READING_CHUNK,
  READING_DONE,
} UpnpHttpState;

struct _UpnpHttpDecoder
{
  UpnpHttpState state;
  GString *line; /* the head, or the line with the size of a chunk */
  GString *body;
  gsize max_body;
  gsize fed;
  gsize scanned;   /* bytes of body that were searched for the end of the document */
  gsize remaining; /* of the chunk */
  gsize length;    /* as announced */
  guint status;
  gboolean ended; /* the document is complete */
};

GBytes *
upnp_http_encode_get (const char *host, const char *target)
{
  char *text = g_strdup_printf ("GET %s HTTP/1.1\r\n"
                                "Host: %s\r\n"
                                "Accept: text/xml, application/xml\r\n"
                                "Connection: close\r\n"
                                "\r\n",
                                target, host);

  return g_bytes_new_take (text, strlen (text));
}

GBytes *
upnp_http_encode_post (const char *host,
                       const char *target,
                       const char *service_type,
                       const char *action,
                       const char *body,
                       gboolean mandatory)
{
  /* Some routers require this spelling of SOAPAction, its quotes, that it is not the last header,
   * and a body of exactly the announced length (quirk 44). */
  char *text = g_strdup_printf ("%sPOST %s HTTP/1.1\r\n"
                                "Host: %s\r\n"
                                "Content-Type: text/xml; charset=\"utf-8\"\r\n"
                                "Content-Length: %" G_GSIZE_FORMAT "\r\n"
                                "%s"
                                "%sSOAPAction: \"%s#%s\"\r\n"
                                "Connection: close\r\n"
                                "\r\n"
                                "%s",
                                mandatory ? "M-" : "", target, host, strlen (body),
                                mandatory ? MANDATORY_HEADER : "", mandatory ? "01-" : "",
                                service_type, action, body);

  return g_bytes_new_take (text, strlen (text));
}

UpnpHttpDecoder *
upnp_http_decoder_new (gsize max_body)
{
  UpnpHttpDecoder *self = g_new0 (UpnpHttpDecoder, 1);

  self->line = g_string_new (NULL);
  self->body = g_string_new (NULL);
  self->max_body = max_body;
  self->length = NO_LENGTH;
  return self;
}

void
upnp_http_decoder_free (UpnpHttpDecoder *self)
{
  g_string_free (self->line, TRUE);
  g_string_free (self->body, TRUE);
  g_free (self);
}

static gboolean
malformed (GError **error, const char *what)
{
  g_set_error (error, PLUM_ERROR, PLUM_ERROR_MALFORMED, _ ("The answer is not valid HTTP: %s"),
               what);
  return FALSE;
}

/* “HTTP/1.x NNN reason”. Any blanks separate the words; the reason may be missing (quirk 35). */
static gboolean
read_status (UpnpHttpDecoder *self, const char *line)
{
  const char *rest = line + strcspn (line, BLANKS);
  g_autofree char *code = NULL;
  guint64 status;

  rest += strspn (rest, BLANKS);
  code = g_strndup (rest, strcspn (rest, BLANKS));
  if (g_ascii_strncasecmp (line, "HTTP/", 5) != 0 ||
      !g_ascii_string_to_unsigned (code, 10, 100, 999, &status, NULL))
    return FALSE;

  self->status = (guint) status;
  return TRUE;
}

static void
read_header (UpnpHttpDecoder *self, const char *line, gboolean *chunked)
{
  g_auto (GStrv) parts = g_strsplit (line, ":", 2);
  guint64 length;

  if (parts[0] == NULL || parts[1] == NULL)
    return;

  g_strstrip (parts[0]);
  g_strstrip (parts[1]);

  /* A header may occur twice (quirk 35): the first one counts. */
  if (g_ascii_strcasecmp (parts[0], "Content-Length") == 0 && self->length == NO_LENGTH &&
      g_ascii_string_to_unsigned (parts[1], 10, 0, G_MAXUINT32, &length, NULL))
    self->length = (gsize) length;
  else if (g_ascii_strcasecmp (parts[0], "Transfer-Encoding") == 0)
    *chunked = g_ascii_strcasecmp (parts[1], "identity") != 0;
}

/* A line that begins with a blank continues the header before it, and is never a header of its own
 * (RFC 9112 5.2). It has no meaning if there is no header before it (RFC 9112 2.2). */
static void
read_headers (UpnpHttpDecoder *self, char **lines, gboolean *chunked)
{
  g_autoptr (GString) header = g_string_new (NULL);

  for (char **line = lines; *line != NULL; line++)
    {
      if (strspn (*line, BLANKS) == 0)
        {
          read_header (self, header->str, chunked);
          g_string_assign (header, g_strchomp (*line));
        }
      else if (header->len > 0)
        g_string_append_printf (header, " %s", g_strstrip (*line));
    }

  read_header (self, header->str, chunked);
}

static gboolean
read_head (UpnpHttpDecoder *self, GError **error)
{
  g_auto (GStrv) lines = g_strsplit (self->line->str, "\n", -1);
  gboolean chunked = FALSE;
  char **line = lines;

  g_string_truncate (self->line, 0);
  while (*line != NULL && *g_strstrip (*line) == '\0')
    line++;
  if (*line == NULL || !read_status (self, *line))
    return malformed (error, _ ("its first line is not a status line"));

  self->length = NO_LENGTH;
  read_headers (self, line + 1, &chunked);

  /* An interim answer precedes the final one. */
  if (self->status < 200)
    self->state = READING_HEAD;
  else if (self->status == 204 || self->status == 304)
    self->state = READING_DONE;
  else
    self->state = chunked ? READING_CHUNK_SIZE : READING_BODY;

  return TRUE;
}

/* Whether the line is the blank line after the head. Removes the empty lines that some devices send
 * before the status line. */
static gboolean
head_is_whole (UpnpHttpDecoder *self)
{
  const char *end = self->line->str + self->line->len;

  if (self->line->len == 0 || end[-1] != '\n')
    return FALSE;

  if (self->line->str[strspn (self->line->str, " \t\r\n")] == '\0')
    {
      g_string_truncate (self->line, 0);
      return FALSE;
    }

  return self->line->len >= 3 && (end[-2] == '\n' || (end[-2] == '\r' && end[-3] == '\n'));
}

/* Reads up to the end of the head or of one line. */
static gsize
feed_line (UpnpHttpDecoder *self, const char *data, gsize len)
{
  const char *end = memchr (data, '\n', len);
  gsize taken = end != NULL ? (gsize) (end + 1 - data) : len;

  for (const char *p = data; p < data + taken; p++)
    g_string_append_c (self->line, *p != '\0' ? *p : ' ');

  return taken;
}

static gboolean
append_body (UpnpHttpDecoder *self, const char *data, gsize len, GError **error)
{
  if (len > self->max_body - self->body->len)
    {
      g_set_error (error, PLUM_ERROR, PLUM_ERROR_MALFORMED,
                   g_dngettext (GETTEXT_PACKAGE, "The answer is longer than %u byte",
                                "The answer is longer than %u bytes", self->max_body),
                   (guint) self->max_body);
      return FALSE;
    }

  g_string_append_len (self->body, data, (gssize) len);
  return TRUE;
}

/* The chunks before are read as far as they go. */
static gboolean
end_at_bad_chunk (UpnpHttpDecoder *self, GError **error, const char *what)
{
  if (self->body->len == 0)
    return malformed (error, what);

  g_string_truncate (self->line, 0);
  self->state = READING_DONE;
  return TRUE;
}

static gboolean
feed_chunk_size (UpnpHttpDecoder *self, GError **error)
{
  g_autofree char *line = g_strstrip (g_strdup (self->line->str));
  char *end = NULL;
  guint64 size;

  if (self->line->len > MAX_LINE)
    return end_at_bad_chunk (self, error, _ ("the line with the size of a chunk is too long"));

  /* Some devices announce chunks and then send the plain document. */
  if (*line == '<' && self->body->len == 0)
    {
      self->state = READING_BODY;
      if (!append_body (self, self->line->str, self->line->len, error))
        return FALSE;
      g_string_truncate (self->line, 0);
      return TRUE;
    }

  if (!g_str_has_suffix (self->line->str, "\n"))
    return TRUE;
  if (*line == '\0')
    {
      g_string_truncate (self->line, 0);
      return TRUE;
    }

  size = g_ascii_strtoull (line, &end, 16);
  if (!g_ascii_isxdigit (*line) || size > G_MAXUINT32)
    return end_at_bad_chunk (self, error, _ ("the size of a chunk is not a number"));

  g_string_truncate (self->line, 0);
  self->remaining = (gsize) size;
  self->state = size > 0 ? READING_CHUNK : READING_DONE;
  return TRUE;
}

/* Whether text, which begins with '<', is “</root>” or “</Envelope>” with any prefix. The limit of
 * MAX_TAG makes the result independent of the pieces, and bounds the search. */
static gboolean
is_last_tag (const char *text)
{
  const char *name = text + 2;
  gsize length, tag_length;
  const char *colon;

  if (text[1] != '/')
    return FALSE;

  length = strcspn (name, "<> \t\r\n");
  tag_length = 2 + length + strspn (name + length, " \t\r\n");
  if (text[tag_length] != '>' || tag_length >= MAX_TAG)
    return FALSE;

  colon = g_strrstr_len (name, (gssize) length, ":");
  if (colon != NULL)
    {
      length -= (gsize) (colon + 1 - name);
      name = colon + 1;
    }

  return (length == 4 && g_ascii_strncasecmp (name, "root", 4) == 0) ||
         (length == 8 && g_ascii_strncasecmp (name, "envelope", 8) == 0);
}

/* The end tag of a description or of a SOAP envelope takes precedence over the announced length:
 * devices announce too much or too little, or keep the connection open (quirk 35). */
static void
look_for_end (UpnpHttpDecoder *self)
{
  gsize from = self->scanned > MAX_TAG ? self->scanned - MAX_TAG : 0;
  const char *end = self->body->str + self->body->len;
  const char *p = memchr (self->body->str + from, '<', self->body->len - from);

  self->scanned = self->body->len;
  while (p != NULL && !self->ended)
    {
      self->ended = is_last_tag (p);
      p = memchr (p + 1, '<', (gsize) (end - (p + 1)));
    }
}

/* Consumes at least one byte of data. */
static gboolean
feed_some (UpnpHttpDecoder *self, const char *data, gsize len, gsize *taken, GError **error)
{
  const char *open;

  *taken = len;

  switch (self->state)
    {
    case READING_HEAD:
      *taken = feed_line (self, data, len);
      if (self->line->len > MAX_HEAD)
        return malformed (error, _ ("its head is too long"));
      return !head_is_whole (self) || read_head (self, error);

    case READING_CHUNK_SIZE:
      /* What follows a “<” may be a plain document, in which a line has any length. */
      open = self->body->len == 0 ? memchr (data, '<', len) : NULL;
      *taken = feed_line (self, data, open != NULL ? (gsize) (open + 1 - data) : len);
      return feed_chunk_size (self, error);

    case READING_CHUNK:
      *taken = MIN (len, self->remaining);
      self->remaining -= *taken;
      if (self->remaining == 0)
        self->state = READING_CHUNK_SIZE;
      return append_body (self, data, *taken, error);

    case READING_BODY:
      return append_body (self, data, len, error);

    case READING_DONE:
    default:
      return TRUE;
    }
}

gboolean
upnp_http_decoder_feed (UpnpHttpDecoder *self, const char *data, gsize len, GError **error)
{
  /* Interim heads and chunks of one byte would otherwise not count against any limit. */
  self->fed += len;
  if (self->fed / MAX_WASTE > self->max_body + MAX_HEAD)
    return malformed (error, _ ("it is too long"));

  while (len > 0)
    {
      gsize taken;

      if (!feed_some (self, data, len, &taken, error))
        return FALSE;
      data += taken;
      len -= taken;
    }

  look_for_end (self);
  return TRUE;
}

/* Whether the body is a document without its end: then the announced length is too short. */
static gboolean
is_unfinished_document (UpnpHttpDecoder *self)
{
  g_autofree char *head = g_ascii_strdown (self->body->str, (gssize) MIN (self->body->len, 1024));

  if (self->ended || strstr (head, "<html") != NULL)
    return FALSE;

  return strstr (head, "<?xml") != NULL || strstr (head, "<root") != NULL ||
         strstr (head, "envelope") != NULL;
}

gboolean
upnp_http_decoder_is_complete (UpnpHttpDecoder *self)
{
  if (self->state == READING_HEAD)
    return FALSE;
  if (self->state == READING_DONE || self->ended)
    return TRUE;

  return self->state == READING_BODY && self->length != NO_LENGTH &&
         self->body->len >= self->length && !is_unfinished_document (self);
}

gboolean
upnp_http_decoder_finish (UpnpHttpDecoder *self, GError **error)
{
  if (self->status < 200 && self->line->len > 0)
    return malformed (error, _ ("its head is incomplete"));
  if (self->status < 200)
    {
      g_set_error_literal (error, PLUM_ERROR, PLUM_ERROR_MALFORMED,
                           _ ("the connection was closed without an answer"));
      return FALSE;
    }

  self->state = READING_DONE;
  return TRUE;
}

guint
upnp_http_decoder_get_status (UpnpHttpDecoder *self)
{
  return self->status;
}

const char *
upnp_http_decoder_get_body (UpnpHttpDecoder *self, gsize *len)
{
  *len = self->body->len;
  return self->body->str;
}
