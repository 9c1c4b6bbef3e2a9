/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Fuzzes: tools/plumctl/port-spec.c */

#include "fuzz.h"

#include <string.h>

#include "port-spec.h"

#define STALE 0xa5

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autofree char *text = g_strndup ((const char *) data, size);
  g_autoptr (GError) error = NULL;
  PortSpec before, spec;

  memset (&before, STALE, sizeof before);
  memset (&spec, STALE, sizeof spec);

  if (!port_spec_parse (text, &spec, &error))
    {
      g_assert_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE);
      g_assert_true (g_utf8_validate (error->message, -1, NULL));
      g_assert_cmpmem (&spec, sizeof spec, &before, sizeof before);
      return 0;
    }

  g_assert_no_error (error);
  g_assert_true (spec.protocol == PLUM_PROTOCOL_TCP || spec.protocol == PLUM_PROTOCOL_UDP);
  g_assert_cmpuint (spec.n_ports, >=, 1);
  g_assert_cmpuint (spec.n_ports, <=, PORT_SPEC_MAX_PORTS);
  g_assert_cmpuint (spec.first_internal, >=, 1);
  g_assert_cmpuint (spec.first_internal + spec.n_ports - 1, <=, G_MAXUINT16);
  if (spec.first_external != 0)
    g_assert_cmpuint (spec.first_external + spec.n_ports - 1, <=, G_MAXUINT16);
  return 0;
}
