/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "port-spec.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define EXPECTED N_ ("expected tcp:PORT, udp:PORT, tcp:INTERNAL:EXTERNAL or tcp:FIRST-LAST")

/* A range of ports, both ends included. */
typedef struct
{
  guint first;
  guint last;
} PortRange;

static gboolean
parse_port (const char *text, size_t length, guint *out, GError **error)
{
  guint port = 0;

  for (size_t i = 0; i < length; i++)
    {
      if (!g_ascii_isdigit (text[i]))
        {
          g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                       _ ("“%.*s” is not a number; %s"), (int) length, text, _ (EXPECTED));
          return FALSE;
        }
      port = MIN (port * 10 + (guint) g_ascii_digit_value (text[i]), G_MAXUINT16 + 1);
    }

  if (length == 0)
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, _ ("a port is missing; %s"),
                   _ (EXPECTED));
      return FALSE;
    }

  if (port == 0 || port > G_MAXUINT16)
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                   _ ("port %.*s is out of range, must be 1 to 65535"), (int) length, text);
      return FALSE;
    }

  *out = port;
  return TRUE;
}

static gboolean
parse_range (const char *text, size_t length, PortRange *out, GError **error)
{
  const char *dash = memchr (text, '-', length);
  size_t first_length = dash != NULL ? (size_t) (dash - text) : length;
  PortRange range;

  if (!parse_port (text, first_length, &range.first, error))
    return FALSE;

  range.last = range.first;
  if (dash != NULL && !parse_port (dash + 1, length - first_length - 1, &range.last, error))
    return FALSE;

  if (range.last < range.first)
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                   _ ("the first port of the range %u-%u is greater than the last"), range.first,
                   range.last);
      return FALSE;
    }

  if (range.last - range.first >= PORT_SPEC_MAX_PORTS)
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                   g_dngettext (GETTEXT_PACKAGE,
                                "the range %u-%u has %u port, but the maximum is %u",
                                "the range %u-%u has %u ports, but the maximum is %u",
                                range.last - range.first + 1),
                   range.first, range.last, range.last - range.first + 1, PORT_SPEC_MAX_PORTS);
      return FALSE;
    }

  *out = range;
  return TRUE;
}

static gboolean
parse_protocol (const char *text, size_t length, PlumProtocol *out, GError **error)
{
  if (length == 3 && g_ascii_strncasecmp (text, "tcp", 3) == 0)
    *out = PLUM_PROTOCOL_TCP;
  else if (length == 3 && g_ascii_strncasecmp (text, "udp", 3) == 0)
    *out = PLUM_PROTOCOL_UDP;
  else
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                   _ ("“%.*s” is not a protocol, must be tcp or udp"), (int) length, text);
      return FALSE;
    }

  return TRUE;
}

/* Parses the part after the protocol: the internal range, optionally followed by the external
 * range. */
static gboolean
parse_ports (const char *ports, PortSpec *spec, GError **error)
{
  const char *colon = strchr (ports, ':');
  PortRange internal, external;

  if (!parse_range (ports, colon != NULL ? (size_t) (colon - ports) : strlen (ports), &internal,
                    error))
    return FALSE;

  spec->first_internal = internal.first;
  spec->n_ports = internal.last - internal.first + 1;
  if (colon == NULL)
    return TRUE;

  if (!parse_range (colon + 1, strlen (colon + 1), &external, error))
    return FALSE;

  /* "tcp:8000-8010:9000" means external ports from 9000 up. */
  if (external.first == external.last)
    external.last = external.first + spec->n_ports - 1;

  if (external.last > G_MAXUINT16 || external.last - external.first + 1 != spec->n_ports)
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                   g_dngettext (GETTEXT_PACKAGE,
                                "%u internal port does not fit the external range %s",
                                "%u internal ports do not fit the external range %s",
                                spec->n_ports),
                   spec->n_ports, colon + 1);
      return FALSE;
    }

  spec->first_external = external.first;
  return TRUE;
}

/* Parses one SPEC. The error message names the invalid part; the caller adds the whole SPEC.
 * *out is not modified on error. */
gboolean
port_spec_parse (const char *text, PortSpec *out, GError **error)
{
  const char *colon = strchr (text, ':');
  PortSpec spec = { 0 };

  if (!g_utf8_validate (text, -1, NULL))
    {
      g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, _ (EXPECTED));
      return FALSE;
    }

  if (colon == NULL)
    {
      g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, _ (EXPECTED));
      return FALSE;
    }

  if (!parse_protocol (text, (size_t) (colon - text), &spec.protocol, error) ||
      !parse_ports (colon + 1, &spec, error))
    return FALSE;

  *out = spec;
  return TRUE;
}
