/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-settings-private.h"

#include <string.h>

/* Routers refuse longer descriptions, and the special characters of XML (quirk 57). */
#define DESCRIPTION_MAX 32

guint
plum_settings_get_release_timeout (const PlumSettings *self)
{
  return self->release_timeout != 0 ? self->release_timeout : self->mapping_timeout;
}

void
plum_settings_set_option (PlumSettings *self,
                          const char *backend_name,
                          const char *key,
                          GVariant *value)
{
  g_autofree char *name = g_strconcat (backend_name, ".", key, NULL);

  if (value != NULL)
    g_hash_table_insert (self->options, g_steal_pointer (&name), g_variant_ref_sink (value));
  else
    g_hash_table_remove (self->options, name);
}

GVariant *
plum_settings_lookup_option (GHashTable *options, const char *backend_name, const char *key)
{
  g_autofree char *name = g_strconcat (backend_name, ".", key, NULL);

  return g_hash_table_lookup (options, name);
}

/* Copies the accepted characters, max at most. Returns their number. */
static gsize
copy_accepted (char *text, const char *raw, gsize max)
{
  gsize len = 0;

  for (const char *p = raw; *p != '\0' && len < max; p++)
    if (g_ascii_isprint (*p) && strchr ("<>&'\"", *p) == NULL)
      text[len++] = *p;

  text[len] = '\0';
  return len;
}

/* Writes the decimal digits of number before end, and returns the first one. For each mapping, it
 * is much less work than printf (). */
static char *
write_number_before (char *end, guint number)
{
  do
    *--end = (char) ('0' + number % 10);
  while ((number /= 10) > 0);

  return end;
}

char *
plum_settings_make_description (const PlumSettings *self,
                                const char *requested,
                                PlumProtocol protocol,
                                guint internal_port)
{
  const char *application = self->application_name;
  char text[DESCRIPTION_MAX + 1];
  char digits[11] = { 0 }; /* and a NUL */
  const char *port = write_number_before (digits + sizeof digits - 1, internal_port);
  const char *name = protocol == PLUM_PROTOCOL_TCP ? "tcp" : "udp";

  if (requested != NULL && copy_accepted (text, requested, DESCRIPTION_MAX) > 0)
    return g_strdup (text);

  if (application == NULL)
    application = g_get_prgname ();

  if (application == NULL ||
      copy_accepted (text, application, DESCRIPTION_MAX - strlen (name) - strlen (port) - 2) == 0)
    application = "plum";
  else
    application = text;
  return g_strconcat (application, " ", name, " ", port, NULL);
}
