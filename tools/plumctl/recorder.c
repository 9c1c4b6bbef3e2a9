/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Writes a recording of the doctor into a directory: index.tsv, with one line per datagram,
 * stream segment or note; files with the bytes; and report.json. The format is documented in
 * docs/plumctl-json.md; tests/plumctl/recorded_gateway.py replays a recording. */

#include "recorder.h"

#include "describe.h"
#include "endpoint.h"
#include "mask.h"
#include "shown-text.h"

#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <string.h>

#define INDEX_NAME "index.tsv"
#define REPORT_NAME "report.json"
#define INDEX_HEAD "file\tms\tbackend\tdirection\tpeer\tport\tnote\n"

/* Called before anything is sent, so that an unwritable directory does not waste a run. */
gboolean
recorder_prepare (const char *directory, GError **error)
{
  g_autofree char *index = g_build_filename (directory, INDEX_NAME, NULL);

  if (g_mkdir_with_parents (directory, 0700) != 0)
    {
      int saved_errno = errno;

      g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (saved_errno),
                   _ ("“%s” cannot be created: %s"), directory, g_strerror (saved_errno));
      return FALSE;
    }

  if (g_file_test (index, G_FILE_TEST_EXISTS))
    {
      g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_EXIST, _ ("“%s” already contains a recording"),
                   directory);
      return FALSE;
    }

  /* Written now and again at the end: a full or read-only disk is detected early. */
  return g_file_set_contents (index, INDEX_HEAD, -1, error);
}

/* SSDP and HTTP contain no zero bytes; PCP and NAT-PMP always do. */
static gboolean
is_text (GBytes *bytes)
{
  gsize size;
  const void *data = g_bytes_get_data (bytes, &size);

  return size > 0 && memchr (data, 0, size) == NULL;
}

static gboolean
is_same_stream (const DoctorEvent *a, const DoctorEvent *b)
{
  return a->bytes != NULL && b->bytes != NULL && a->direction == b->direction && a->peer != NULL &&
         b->peer != NULL && g_str_equal (a->backend, b->backend) && is_text (a->bytes) &&
         is_text (b->bytes) && endpoint_equal (a->peer, b->peer);
}

/* Masks consecutive segments of a stream as a whole, since an address may span two of them, and
 * splits the result again: masking does not change lengths. Returns one element per event, from
 * @first on. */
static GPtrArray *
mask_run (DoctorLog *log, guint first, GPtrArray *addresses)
{
  GPtrArray *pieces = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  g_autoptr (GByteArray) whole = g_byte_array_new ();
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GBytes) masked = NULL;
  gsize offset = 0;
  guint end;

  for (end = first; end < log->events->len; end++)
    {
      const DoctorEvent *event = log->events->pdata[end];

      if (end > first && !is_same_stream (event, log->events->pdata[first]))
        break;
      g_byte_array_append (whole, g_bytes_get_data (event->bytes, NULL),
                           (guint) g_bytes_get_size (event->bytes));
    }

  bytes = g_byte_array_free_to_bytes (g_steal_pointer (&whole));
  masked = mask_bytes (bytes, addresses);
  for (guint i = first; i < end; i++)
    {
      const DoctorEvent *event = log->events->pdata[i];
      gsize size = g_bytes_get_size (event->bytes);

      g_ptr_array_add (pieces, g_bytes_new_from_bytes (masked, offset, size));
      offset += size;
    }

  return pieces;
}

static gboolean
write_bytes (const char *directory, const char *name, GBytes *bytes, GError **error)
{
  g_autofree char *path = g_build_filename (directory, name, NULL);
  gsize length;
  const char *data = g_bytes_get_data (bytes, &length);

  return g_file_set_contents (path, data, (gssize) length, error);
}

static void
append_row (GString *index, const char *name, const DoctorEvent *event)
{
  g_autofree char *peer = NULL;
  g_autofree char *text = event->note != NULL ? mask_text (event->note) : g_strdup ("");
  g_autofree char *note = shown_text_dup (text, "?");
  guint port = 0;

  if (event->peer != NULL)
    {
      GInetAddress *address = g_inet_socket_address_get_address (event->peer);
      g_autoptr (GInetAddress) masked = mask_address (address);

      peer = g_inet_address_to_string (masked);
      port = g_inet_socket_address_get_port (event->peer);
    }

  /* A note may quote text from the network: a tab or newline must not create another row. */
  g_strdelimit (note, "\t\r\n", ' ');
  g_string_append_printf (index, "%s\t%u\t%s\t%s\t%s\t%u\t%s\n", name, event->ms, event->backend,
                          event->bytes == NULL                    ? "note"
                          : event->direction == PLUM_TRAFFIC_SENT ? "sent"
                                                                  : "received",
                          peer != NULL ? peer : "", port, note);
}

static char *
make_name (const DoctorEvent *event, guint number)
{
  return g_strdup_printf ("%04u-%s-%s.bin", number, event->backend,
                          event->direction == PLUM_TRAFFIC_SENT ? "sent" : "received");
}

/* Identical packets, such as unanswered requests, share one file. */
static const char *
save_bytes (const char *directory,
            GHashTable *names,
            const DoctorEvent *event,
            guint number,
            GBytes *masked,
            GError **error)
{
  g_autofree char *name = NULL;
  const char *known = g_hash_table_lookup (names, masked);

  if (known != NULL)
    return known;

  name = make_name (event, number);
  if (!write_bytes (directory, name, masked, error))
    return NULL;

  known = name;
  g_hash_table_insert (names, g_bytes_ref (masked), g_steal_pointer (&name));
  return known;
}

/* @addresses: addresses that binary packets may contain. @report: the report, as JSON. */
gboolean
recorder_write (
  const char *directory, DoctorLog *log, GPtrArray *addresses, const char *report, GError **error)
{
  g_autoptr (GHashTable) names =
    g_hash_table_new_full (g_bytes_hash, g_bytes_equal, (GDestroyNotify) g_bytes_unref, g_free);
  g_autoptr (GString) index = g_string_new (INDEX_HEAD);
  g_autofree char *index_path = g_build_filename (directory, INDEX_NAME, NULL);
  g_autofree char *report_path = g_build_filename (directory, REPORT_NAME, NULL);
  g_autofree char *masked_report = mask_text (report);
  g_autofree char *left_out = doctor_log_describe_left_out (log);
  guint i = 0;

  while (i < log->events->len)
    {
      DoctorEvent *event = log->events->pdata[i];
      g_autoptr (GPtrArray) pieces = NULL;

      if (event->bytes == NULL)
        {
          append_row (index, "", event);
          i++;
          continue;
        }

      pieces = mask_run (log, i, addresses);
      for (guint j = 0; j < pieces->len; j++, i++)
        {
          const char *name =
            save_bytes (directory, names, log->events->pdata[i], i + 1, pieces->pdata[j], error);

          if (name == NULL)
            return FALSE;
          append_row (index, name, log->events->pdata[i]);
        }
    }

  if (left_out != NULL)
    g_string_append_printf (index, "\t0\tdoctor\tnote\t\t0\t%s\n", left_out);
  return g_file_set_contents (report_path, masked_report, -1, error) &&
         g_file_set_contents (index_path, index->str, (gssize) index->len, error);
}
