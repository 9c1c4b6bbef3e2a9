/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "http-codec.h"

#include <string.h>

#define MAX_BODY 4096
#define DOC "<?xml version=\"1.0\"?><root><device/></root>"
#define TEXT_64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
/* One line that is longer than the size of a chunk may be. */
#define LONG_DOC "<root>" TEXT_64 TEXT_64 TEXT_64 TEXT_64 TEXT_64 "</root>"

/* Feeds pieces of the given size, each from a block of exactly that size. Returns the number of
 * bytes after which the answer was complete; -1: never. */
static gssize
feed (UpnpHttpDecoder *decoder, const char *text, gsize len, gsize piece, GError **error)
{
  for (gsize at = 0; at < len; at += piece)
    {
      gsize n = MIN (piece, len - at);
      g_autofree char *block = g_memdup2 (text + at, n);

      if (!upnp_http_decoder_feed (decoder, block, n, error))
        return -1;
      if (upnp_http_decoder_is_complete (decoder))
        return (gssize) (at + n);
    }

  return -1;
}

typedef struct
{
  const char *answer;
  guint status;
  const char *body;
  gboolean complete; /* without the end of the connection */
} Case;

static void
check_case (const Case *c, gsize piece)
{
  g_autoptr (UpnpHttpDecoder) decoder = upnp_http_decoder_new (MAX_BODY);
  g_autoptr (GError) error = NULL;
  gssize at = feed (decoder, c->answer, strlen (c->answer), piece, &error);
  const char *body;
  gsize len;

  g_assert_no_error (error);
  g_assert_cmpint (at >= 0, ==, c->complete);
  g_assert_true (upnp_http_decoder_finish (decoder, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (upnp_http_decoder_get_status (decoder), ==, c->status);
  body = upnp_http_decoder_get_body (decoder, &len);
  g_assert_cmpmem (body, len, c->body, strlen (c->body));
}

/* An answer gives the same result in pieces of any size. */
static void
test_answer (gconstpointer data)
{
  const Case *c = data;

  for (gsize piece = strlen (c->answer); piece > 0; piece--)
    check_case (c, piece);
}

static const Case length = { "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 200, "hello",
                             TRUE };
static const Case no_body = { "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 200, "", TRUE };
static const Case no_length = { "HTTP/1.0 200 OK\r\n\r\nhello", 200, "hello", FALSE };
static const Case ends_with_document = { "HTTP/1.0 200 OK\r\n\r\n" DOC, 200, DOC, TRUE };
static const Case length_too_long = { "HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n" DOC, 200,
                                      DOC, TRUE };
static const Case length_too_short = { "HTTP/1.1 200 OK\r\nContent-Length: 25\r\n\r\n" DOC, 200,
                                       DOC, TRUE };
static const Case length_twice = {
  "HTTP/1.1 200 OK\r\nContent-Length: 5 \r\nContent-Length: 7\r\n\r\nhello", 200, "hello", TRUE
};
static const Case bare_newlines = { "HTTP/1.1 200 OK\ncontent-length:5\n\nhello", 200, "hello",
                                    TRUE };
static const Case blank_lines_first = { "\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
                                        200, "hello", TRUE };
static const Case chunked = { "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                              "2;x=y\r\nhe\r\n03\r\nllo\r\n0\r\n\r\n",
                              200, "hello", TRUE };
static const Case chunked_in_name_only = {
  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n<?xml?>\r\n" DOC, 200, "<?xml?>\r\n" DOC,
  TRUE
};
static const Case chunked_in_name_only_one_line = {
  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" DOC, 200, DOC, TRUE
};
static const Case chunked_in_name_only_blanks_first = {
  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\n \t" DOC, 200, " \t" DOC, TRUE
};
static const Case chunked_in_name_only_long_line = {
  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" LONG_DOC, 200, LONG_DOC, TRUE
};
static const Case chunked_in_name_only_cut = {
  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n<root><dev", 200, "<root><dev", FALSE
};
static const Case continued = {
  "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 200, "hello",
  TRUE
};
static const Case fault_envelope = {
  "HTTP/1.1 500 Error\r\n\r\n<SOAP-ENV:Envelope></SOAP-ENV:Envelope >", 500,
  "<SOAP-ENV:Envelope></SOAP-ENV:Envelope >", TRUE
};
static const Case no_content = { "HTTP/1.1 204 No Content\r\n\r\n", 204, "", TRUE };
static const Case reason_missing = { "HTTP/1.1 404\r\nContent-Length:0\r\n\r\n", 404, "", TRUE };
static const Case reason_missing_200 = { "HTTP/1.1 200\r\nContent-Length:0\r\n\r\n", 200, "",
                                         TRUE };
static const Case blanks_before_status = { "HTTP/1.1  200 OK\r\nContent-Length: 5\r\n\r\nhello",
                                           200, "hello", TRUE };
static const Case tabs_before_status = { "HTTP/1.1\t \t200\tOK\r\nContent-Length: 5\r\n\r\nhello",
                                         200, "hello", TRUE };
static const Case blanks_after_status = { "HTTP/1.1  404  \r\nContent-Length: 0\r\n\r\n", 404, "",
                                          TRUE };
static const Case blanks_before_colon = { "HTTP/1.1 200 OK\r\nContent-Length \t: 5\r\n\r\nhello",
                                          200, "hello", TRUE };
static const Case chunked_blanks_before_colon = {
  "HTTP/1.1 200 OK\r\nTransfer-Encoding : chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", 200, "hello",
  TRUE
};

/* RFC 9112 5.2: a line that begins with white space continues the line before. */
static const Case folded_length = { "HTTP/1.1 200 OK\r\nContent-Length:\r\n\t5\r\n\r\nhello", 200,
                                    "hello", TRUE };
static const Case folded_chunked = {
  "HTTP/1.1 200 OK\r\nTransfer-Encoding:\r\n chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", 200, "hello",
  TRUE
};
static const Case folded_is_no_header = {
  "HTTP/1.1 200 OK\r\nServer: x\r\n Content-Length: 2\r\nContent-Length: 5\r\n\r\nhello", 200,
  "hello", TRUE
};
static const Case folded_is_no_encoding = {
  "HTTP/1.1 200 OK\r\nServer: x\r\n Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\nhello",
  200, "hello", TRUE
};
static const Case folded_status = {
  "HTTP/1.1 200 OK\r\n Content-Length: 2\r\nContent-Length: 5\r\n\r\nhello", 200, "hello", TRUE
};
static const Case folded_twice = { "HTTP/1.1 200 OK\r\nContent-Length:\r\n \r\n 5\r\n\r\nhello",
                                   200, "hello", TRUE };
/* “5 7” is no length: the connection ends the answer. */
static const Case folded_two_lengths = { "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n 7\r\n\r\nhello",
                                         200, "hello", FALSE };

static void
assert_bad (const char *text)
{
  g_autoptr (UpnpHttpDecoder) decoder = upnp_http_decoder_new (MAX_BODY);
  g_autoptr (GError) error = NULL;

  if (upnp_http_decoder_feed (decoder, text, strlen (text), &error))
    g_assert_false (upnp_http_decoder_finish (decoder, &error));
  g_assert_error (error, PLUM_ERROR, PLUM_ERROR_MALFORMED);
}

static void
test_reject (void)
{
  g_autofree char *long_head = g_strnfill (20000, 'x');
  g_autofree char *long_body = g_strnfill (MAX_BODY + 1, 'x');
  g_autofree char *answer = g_strconcat ("HTTP/1.0 200 OK\r\n\r\n", long_body, NULL);
  g_autofree char *digits = g_strnfill (300, '0');
  g_autofree char *long_chunk_size =
    g_strconcat ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", digits, NULL);

  assert_bad ("");
  assert_bad ("HTTP/1.1 200 OK\r\nContent-");
  assert_bad ("hello\r\n\r\n");
  assert_bad ("HTTP/1.1 99 No\r\n\r\n");
  assert_bad ("HTTP/1.1 xx No\r\n\r\n");
  assert_bad ("HTTP/1.1\r\n\r\n");
  assert_bad ("HTTP/1.1 \t \r\n\r\n");
  assert_bad ("HTTP/1.1\r\n 200 OK\r\n\r\n");
  assert_bad ("HTTP/1.1 200OK\r\n\r\n");
  assert_bad ("HTTP/1.1  2 00 OK\r\n\r\n");
  assert_bad ("HTTP/1.1 100 Continue\r\n\r\n");
  assert_bad ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n");
  assert_bad (long_head);
  assert_bad (long_chunk_size);
  assert_bad (answer);
}

/* A truncated answer never crashes and never has a body that was not sent. */
static void
test_every_truncation (void)
{
  for (gsize len = 0; len <= strlen (chunked.answer); len++)
    {
      g_autoptr (UpnpHttpDecoder) decoder = upnp_http_decoder_new (MAX_BODY);
      const char *body;
      gsize body_len;

      feed (decoder, chunked.answer, len, MAX (len, 1), NULL);
      upnp_http_decoder_finish (decoder, NULL);
      body = upnp_http_decoder_get_body (decoder, &body_len);
      g_assert_true (strncmp ("hello", body, body_len) == 0);
    }
}

/* The head of an answer with blanks and folded lines is never taken for whole before its end. */
static void
test_every_truncation_of_a_head (void)
{
  static const char text[] =
    "HTTP/1.1\t 200\r\nServer : x\r\n\ty\r\nContent-Length :\r\n 5\r\n\r\n";

  for (gsize len = 0; len < sizeof text - 1; len++)
    {
      g_autoptr (UpnpHttpDecoder) decoder = upnp_http_decoder_new (MAX_BODY);
      g_autoptr (GError) error = NULL;

      g_assert_cmpint (feed (decoder, text, len, MAX (len, 1), &error), ==, -1);
      g_assert_no_error (error);
      g_assert_false (upnp_http_decoder_finish (decoder, &error));
      g_assert_error (error, PLUM_ERROR, PLUM_ERROR_MALFORMED);
    }
}

static void
test_get_bytes (void)
{
  g_autoptr (GBytes) bytes = upnp_http_encode_get ("192.0.2.1:5000", "/d.xml?a=b");
  static const char want[] = "GET /d.xml?a=b HTTP/1.1\r\n"
                             "Host: 192.0.2.1:5000\r\n"
                             "Accept: text/xml, application/xml\r\n"
                             "Connection: close\r\n\r\n";

  g_assert_cmpmem (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), want, strlen (want));
}

static void
test_post_bytes (void)
{
  g_autoptr (GBytes) bytes =
    upnp_http_encode_post ("192.0.2.1:5000", "/ctl", "urn:x:1", "Do", "<body/>", FALSE);
  static const char want[] = "POST /ctl HTTP/1.1\r\n"
                             "Host: 192.0.2.1:5000\r\n"
                             "Content-Type: text/xml; charset=\"utf-8\"\r\n"
                             "Content-Length: 7\r\n"
                             "SOAPAction: \"urn:x:1#Do\"\r\n"
                             "Connection: close\r\n\r\n"
                             "<body/>";

  g_assert_cmpmem (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), want, strlen (want));
}

static void
test_mandatory_post_bytes (void)
{
  g_autoptr (GBytes) bytes =
    upnp_http_encode_post ("192.0.2.1:5000", "/ctl", "urn:x:1", "Do", "", TRUE);
  const char *text = g_bytes_get_data (bytes, NULL);

  g_assert_true (g_str_has_prefix (text, "M-POST /ctl HTTP/1.1\r\n"));
  g_assert_nonnull (g_strstr_len (text, (gssize) g_bytes_get_size (bytes),
                                  "MAN: \"http://schemas.xmlsoap.org/soap/envelope/\"; ns=01\r\n"
                                  "01-SOAPAction: \"urn:x:1#Do\"\r\n"));
}

int
main (int argc, char *argv[])
{
  static const struct
  {
    const char *name;
    const Case *test;
  } cases[] = {
    { "length", &length },
    { "no-body", &no_body },
    { "no-length", &no_length },
    { "ends-with-the-document", &ends_with_document },
    { "length-too-long", &length_too_long },
    { "length-too-short", &length_too_short },
    { "length-twice", &length_twice },
    { "bare-newlines", &bare_newlines },
    { "blank-lines-first", &blank_lines_first },
    { "chunked", &chunked },
    { "chunked-in-name-only", &chunked_in_name_only },
    { "chunked-in-name-only/one-line", &chunked_in_name_only_one_line },
    { "chunked-in-name-only/blanks-first", &chunked_in_name_only_blanks_first },
    { "chunked-in-name-only/long-line", &chunked_in_name_only_long_line },
    { "chunked-in-name-only/cut", &chunked_in_name_only_cut },
    { "continued", &continued },
    { "fault-envelope", &fault_envelope },
    { "no-content", &no_content },
    { "reason-missing", &reason_missing },
    { "reason-missing-200", &reason_missing_200 },
    { "blanks-before-status", &blanks_before_status },
    { "tabs-before-status", &tabs_before_status },
    { "blanks-after-status", &blanks_after_status },
    { "blanks-before-colon", &blanks_before_colon },
    { "chunked-blanks-before-colon", &chunked_blanks_before_colon },
    { "folded/length", &folded_length },
    { "folded/chunked", &folded_chunked },
    { "folded/no-header", &folded_is_no_header },
    { "folded/no-encoding", &folded_is_no_encoding },
    { "folded/status", &folded_status },
    { "folded/twice", &folded_twice },
    { "folded/two-lengths", &folded_two_lengths },
  };

  g_test_init (&argc, &argv, NULL);

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strconcat ("/upnp/http/answer/", cases[i].name, NULL);

      g_test_add_data_func (path, cases[i].test, test_answer);
    }
  g_test_add_func ("/upnp/http/reject", test_reject);
  g_test_add_func ("/upnp/http/every-truncation", test_every_truncation);
  g_test_add_func ("/upnp/http/every-truncation-of-a-head", test_every_truncation_of_a_head);
  g_test_add_func ("/upnp/http/get-bytes", test_get_bytes);
  g_test_add_func ("/upnp/http/post-bytes", test_post_bytes);
  g_test_add_func ("/upnp/http/mandatory-post-bytes", test_mandatory_post_bytes);

  return g_test_run ();
}
