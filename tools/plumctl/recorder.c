/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Writes what the doctor saw into a folder: index.tsv, a line for each datagram or piece of a
 * stream, and a file for each with its bytes. docs/plumctl-json.md has the layout. */

#include "recorder.h"

#include "describe.h"
#include "mask.h"

#include <glib/gstdio.h>

#define INDEX_NAME "index.tsv"
#define INDEX_HEAD "file\tms\tbackend\tdirection\tpeer\tport\tnote\n"

/* Before anything is sent: a recording that cannot be written must not cost the user a run. */
gboolean
recorder_prepare (const char  *directory,
                  GError     **error)
{
  g_autofree char *index = g_build_filename (directory, INDEX_NAME, NULL);

  if (g_mkdir_with_parents (directory, 0700) != 0)
    {
      int saved_errno = errno;

      g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (saved_errno),
                   "“%s” cannot be made: %s", directory, g_strerror (saved_errno));
      return FALSE;
    }

  if (g_file_test (index, G_FILE_TEST_EXISTS))
    {
      g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_EXIST,
                   "“%s” holds a recording already", directory);
      return FALSE;
    }

  /* Written now and again at the end: a full or read-only disk shows at once. */
  return g_file_set_contents (index, INDEX_HEAD, -1, error);
}

static gboolean
write_bytes (const char         *directory,
             const char         *name,
             const DoctorEvent  *event,
             GPtrArray          *addresses,
             GError            **error)
{
  g_autofree char *path = g_build_filename (directory, name, NULL);
  g_autoptr (GBytes) masked = mask_bytes (event->bytes, addresses);
  size_t length;
  const char *data = g_bytes_get_data (masked, &length);

  return g_file_set_contents (path, data, (gssize) length, error);
}

static void
append_row (GString           *index,
            const char        *name,
            const DoctorEvent *event)
{
  g_autofree char *peer = NULL;
  g_autofree char *note = event->note != NULL ? mask_text (event->note) : g_strdup ("");
  guint port = 0;

  if (event->peer != NULL)
    {
      GInetAddress *address = g_inet_socket_address_get_address (event->peer);
      g_autoptr (GInetAddress) masked = mask_address (address);

      peer = g_inet_address_to_string (masked);
      port = g_inet_socket_address_get_port (event->peer);
    }

  /* A note may quote the network: a tab or newline in it must not make another row. */
  g_strdelimit (note, "\t\r\n", ' ');
  g_string_append_printf (index, "%s\t%u\t%s\t%s\t%s\t%u\t%s\n", name, event->ms, event->backend,
                          event->bytes == NULL ? "note"
                          : event->direction == PLUM_TRAFFIC_SENT ? "sent" : "received",
                          peer != NULL ? peer : "", port, note);
}

gboolean
recorder_write (const char  *directory,
                DoctorLog   *log,
                GPtrArray   *addresses,
                GError     **error)
{
  g_autoptr (GString) index = g_string_new (INDEX_HEAD);
  g_autofree char *path = g_build_filename (directory, INDEX_NAME, NULL);

  for (guint i = 0; i < log->events->len; i++)
    {
      const DoctorEvent *event = log->events->pdata[i];
      g_autofree char *name = NULL;

      if (event->bytes != NULL)
        {
          name = g_strdup_printf ("%04u-%s-%s.bin", i + 1, event->backend,
                                  event->direction == PLUM_TRAFFIC_SENT ? "sent" : "received");
          if (!write_bytes (directory, name, event, addresses, error))
            return FALSE;
        }
      append_row (index, name != NULL ? name : "", event);
    }

  return g_file_set_contents (path, index->str, (gssize) index->len, error);
}
