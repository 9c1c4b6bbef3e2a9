/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "http-codec.h"
#include "igd-description.h"
#include "igd-xml.h"
#include "soap-codec.h"
#include "ssdp-codec.h"

/* Answers of real routers, if PLUM_CORPUS_DIR names a folder with an INDEX.tsv (file, source,
 * router, kind, expected, ...). The expected results are prose: the test extracts the facts from
 * it. */

enum {
  COLUMN_FILE,
  COLUMN_SOURCE,
  COLUMN_ROUTER,
  COLUMN_KIND,
  COLUMN_EXPECTED,
  N_COLUMNS
};

typedef struct
{
  char *path;
  char *kind;
  char *expected;
} Sample;

static void
sample_free (gpointer data)
{
  Sample *sample = data;

  g_free (sample->path);
  g_free (sample->kind);
  g_free (sample->expected);
  g_free (sample);
}

static char *
load (const Sample *sample, gsize *len)
{
  g_autoptr (GError) error = NULL;
  char *data = NULL;

  g_file_get_contents (sample->path, &data, len, &error);
  g_assert_no_error (error);
  g_test_message ("%s: %s", sample->path, sample->expected);
  return data;
}

/* -- SSDP -- */

static void
test_ssdp (gconstpointer user_data)
{
  const Sample *sample = user_data;
  gsize len;
  g_autofree char *data = load (sample, &len);
  g_autoptr (GError) error = NULL;
  g_autoptr (UpnpSsdpMessage) message = upnp_ssdp_decode (data, len, &error);
  gboolean notify = g_str_equal (sample->kind, "ssdp-notify");
  const char *location = strstr (sample->expected, "http://");

  g_assert_no_error (error);
  g_assert_cmpint (message->kind, ==, notify ? UPNP_SSDP_ALIVE : UPNP_SSDP_ANSWER);
  g_assert_nonnull (message->location);

  if (strstr (sample->expected, "NOT an IGD") != NULL)
    g_assert_cmpint (message->class, ==, UPNP_SSDP_OTHER);
  else
    g_assert_cmpint (message->class, !=, UPNP_SSDP_OTHER);

  if (location != NULL && strstr (sample->expected, ":PORT") == NULL)
    {
      g_autofree char *want = g_strndup (location, strcspn (location, " ;"));

      g_assert_cmpstr (message->location, ==, want);
    }
}

/* -- Descriptions -- */

/* “type -> target; type -> target”, in the order of the document. */
static void
assert_services (const UpnpDescription *description, const char *listed)
{
  g_autofree char *until = g_strndup (listed, strcspn (listed, "|"));
  g_auto (GStrv) services = g_strsplit (until, ";", -1);

  g_assert_cmpuint (description->services->len, ==, g_strv_length (services));
  for (guint i = 0; services[i] != NULL; i++)
    {
      const UpnpService *service = g_ptr_array_index (description->services, i);
      g_auto (GStrv) sides = g_strsplit (services[i], " -> ", 2);

      g_assert_cmpstr (service->type, ==, g_strstrip (sides[0]));
      g_assert_cmpstr (service->target, ==, g_strstrip (sides[1]));
      g_assert_cmpuint (service->port, ==, 5000);
    }
}

static void
test_description (gconstpointer user_data)
{
  const Sample *sample = user_data;
  gsize len;
  g_autofree char *data = load (sample, &len);
  g_autoptr (UpnpUrl) location = upnp_url_parse ("http://192.0.2.1:5000/desc.xml", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (UpnpDescription) description = NULL;
  const char *listed = strstr (sample->expected, "services: ");

  description = upnp_description_decode (location, data, len, &error);
  g_assert_no_error (error);
  g_assert_true (description->whole);
  g_assert_nonnull (listed);

  listed += strlen ("services: ");
  if (g_str_has_prefix (listed, "none"))
    g_assert_cmpuint (description->services->len, ==, 0);
  else
    assert_services (description, listed);
}

/* -- SOAP -- */

static UpnpAction
guess_action (const char *data, gsize len)
{
  g_autofree char *text = g_strndup (data, len);

  for (UpnpAction action = UPNP_ACTION_GET_STATUS; action <= UPNP_ACTION_GET_LIST; action++)
    {
      g_autofree char *response = g_strconcat (upnp_action_get_name (action), "Response", NULL);

      if (strstr (text, response) != NULL)
        return action;
    }

  return UPNP_ACTION_ADD;
}

/* Raw HTTP, or the body of an answer with status 200. */
static UpnpSoapReply *
read_soap (const char *data, gsize len)
{
  g_autoptr (UpnpHttpDecoder) decoder = upnp_http_decoder_new (65536);
  g_autoptr (GError) error = NULL;
  UpnpAction action = guess_action (data, len);
  const char *body;
  gsize body_len;

  if (len < 5 || strncmp (data, "HTTP/", 5) != 0)
    return upnp_soap_decode (action, 200, data, len);

  upnp_http_decoder_feed (decoder, data, len, &error);
  g_assert_no_error (error);
  upnp_http_decoder_finish (decoder, &error);
  g_assert_no_error (error);
  body = upnp_http_decoder_get_body (decoder, &body_len);
  return upnp_soap_decode (action, upnp_http_decoder_get_status (decoder), body, body_len);
}

/* The first number of three digits. */
static int
first_code (const char *text)
{
  for (const char *p = text; *p != '\0'; p++)
    {
      if (g_ascii_isdigit (p[0]) && g_ascii_isdigit (p[1]) && g_ascii_isdigit (p[2]))
        return (int) g_ascii_strtoull (p, NULL, 10);
    }

  g_assert_not_reached ();
}

static void
test_fault (gconstpointer user_data)
{
  const Sample *sample = user_data;
  gsize len;
  g_autofree char *data = load (sample, &len);
  g_autoptr (UpnpSoapReply) reply = read_soap (data, len);

  g_assert_cmpint (reply->outcome, ==, UPNP_SOAP_FAULT);
  g_assert_cmpint (reply->code, ==, first_code (sample->expected));
}

/* Lines of NAME=VALUE in a file beside the document. */
static void
assert_named_values (const Sample *sample, const UpnpSoapReply *reply)
{
  g_autofree char *stem = g_strndup (sample->path, strlen (sample->path) - strlen (".xml"));
  g_autofree char *path = g_strconcat (stem, ".namevalue", NULL);
  g_autofree char *values = NULL;
  g_auto (GStrv) lines = NULL;

  if (!g_file_get_contents (path, &values, NULL, NULL))
    return;

  lines = g_strsplit (values, "\n", -1);
  for (char **line = lines; *line != NULL; line++)
    {
      g_auto (GStrv) sides = g_strsplit (*line, "=", 2);
      g_autofree char *got = NULL;

      if (sides[0] == NULL || sides[1] == NULL)
        continue;
      got = upnp_soap_dup_argument (reply, sides[0]);
      g_assert_cmpstr (got, ==, g_strchomp (sides[1]));
    }
}

static void
assert_address (const Sample *sample, const UpnpSoapReply *reply)
{
  g_autoptr (GInetAddress) address = upnp_soap_read_address (reply);
  g_autofree char *text = address != NULL ? g_inet_address_to_string (address) : NULL;

  if (strstr (sample->expected, "reject") != NULL ||
      strstr (sample->expected, "no address") != NULL)
    g_assert_null (text);
  else if (text != NULL)
    g_assert_true (*sample->expected == '\0' || g_str_has_prefix (sample->expected, text));
}

static void
test_response (gconstpointer user_data)
{
  const Sample *sample = user_data;
  gsize len;
  g_autofree char *data = load (sample, &len);
  g_autoptr (UpnpSoapReply) reply = read_soap (data, len);

  if (strstr (sample->expected, "not a UPnP fault") != NULL)
    {
      g_assert_cmpint (reply->outcome, ==, UPNP_SOAP_NO_ANSWER);
      g_assert_cmpuint (reply->status, ==, 501);
      return;
    }

  assert_named_values (sample, reply);
  if (g_str_has_prefix (sample->expected, "success"))
    g_assert_cmpint (reply->outcome, ==, UPNP_SOAP_DONE);
  if (strstr (sample->path, "getexternalip") != NULL)
    assert_address (sample, reply);
  if (g_str_has_prefix (sample->expected, "Connected"))
    g_assert_cmpint (upnp_soap_read_status (reply), ==, PLUM_CONNECTION_STATUS_CONNECTED);
  if (g_str_has_prefix (sample->expected, "Disconnected"))
    g_assert_cmpint (upnp_soap_read_status (reply), ==, PLUM_CONNECTION_STATUS_DISCONNECTED);
}

/* -- Truncation -- */

/* Every file, truncated at many places, through every codec. */
static void
test_truncated (gconstpointer user_data)
{
  const Sample *sample = user_data;
  gsize len;
  g_autofree char *data = load (sample, &len);
  g_autoptr (UpnpUrl) location = upnp_url_parse ("http://192.0.2.1/", NULL);
  gsize step = MAX (len / 150, 1);

  for (gsize n = 1; n < len; n += step)
    {
      g_autofree char *block = g_memdup2 (data, n);
      g_autoptr (UpnpSsdpMessage) message = upnp_ssdp_decode (block, n, NULL);
      g_autoptr (UpnpDescription) description = upnp_description_decode (location, block, n, NULL);
      g_autoptr (UpnpSoapReply) reply = upnp_soap_decode (UPNP_ACTION_ADD, 200, block, n);

      if (message != NULL && message->location != NULL)
        g_assert_true (g_str_has_prefix (sample->kind, "ssdp"));
      if (description != NULL && description->services->len > 0)
        g_assert_cmpstr (sample->kind, ==, "device-description");
      if (reply->outcome == UPNP_SOAP_FAULT)
        g_assert_true (g_str_has_prefix (sample->kind, "soap-fault"));
    }
}

static void
add_sample (const char *directory, char **columns)
{
  static const struct
  {
    const char *kind;
    void (*func) (gconstpointer user_data);
  } kinds[] = {
    { "ssdp-", test_ssdp },
    { "device-description", test_description },
    { "soap-fault", test_fault },
    { "soap-response", test_response },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      g_autofree char *path = g_strconcat ("/upnp/corpus/", columns[COLUMN_FILE], NULL);
      g_autofree char *cut_path =
        g_strconcat ("/upnp/corpus-truncated/", columns[COLUMN_FILE], NULL);

      if (!g_str_has_prefix (columns[COLUMN_KIND], kinds[i].kind))
        continue;

      for (guint n = 0; n < 2; n++)
        {
          Sample *sample = g_new0 (Sample, 1);

          sample->path = g_build_filename (directory, columns[COLUMN_FILE], NULL);
          sample->kind = g_strdup (columns[COLUMN_KIND]);
          sample->expected = g_strdup (columns[COLUMN_EXPECTED]);
          g_test_add_data_func_full (n == 0 ? path : cut_path, sample,
                                     n == 0 ? kinds[i].func : test_truncated, sample_free);
        }
    }
}

static void
test_no_corpus (void)
{
  g_test_skip ("PLUM_CORPUS_DIR names no folder with an INDEX.tsv");
}

int
main (int argc, char *argv[])
{
  const char *directory = g_getenv ("PLUM_CORPUS_DIR");
  g_autofree char *path =
    directory != NULL ? g_build_filename (directory, "INDEX.tsv", NULL) : NULL;
  g_autofree char *index = NULL;
  g_auto (GStrv) lines = NULL;

  g_test_init (&argc, &argv, NULL);

  if (path == NULL || !g_file_get_contents (path, &index, NULL, NULL))
    {
      g_test_add_func ("/upnp/corpus", test_no_corpus);
      return g_test_run ();
    }

  lines = g_strsplit (index, "\n", -1);
  for (guint i = 1; lines[0] != NULL && lines[i] != NULL; i++)
    {
      g_auto (GStrv) columns = g_strsplit (lines[i], "\t", -1);

      if (g_strv_length (columns) >= N_COLUMNS)
        add_sample (directory, columns);
    }

  return g_test_run ();
}
