/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The protocols that the verdict is about. */

#include "doctor-protocols.h"

#include "alternative.h"
#include "describe.h"
#include "way-text.h"

#include <glib/gi18n-lib.h>

static gboolean
has_probe (PlumGateway *gateway, const char *name)
{
  GListModel *probes = plum_gateway_get_probes (gateway);

  for (guint i = 0; i < g_list_model_get_n_items (probes); i++)
    {
      g_autoptr (PlumProbe) probe = g_list_model_get_item (probes, i);

      if (g_str_equal (plum_probe_get_name (probe), name))
        return TRUE;
    }

  return FALSE;
}

gboolean
doctor_protocols_are_limited (const DoctorReport *self, const DoctorPart *part)
{
  static const char *const names[] = { "pcp", "natpmp", "upnp" };
  g_autoptr (PlumGateway) gateway = alternative_dup_used (self->manager, part->family);

  for (guint i = 0; gateway != NULL && i < G_N_ELEMENTS (names); i++)
    if (!has_probe (gateway, names[i]))
      return TRUE;

  return FALSE;
}

/* The protocols that were asked and that the router has refused, or has not: "PCP and NAT-PMP".
 * NULL: there are none. */
static char *
dup_asked (const DoctorReport *self, const DoctorPart *part, gboolean refused)
{
  g_autoptr (PlumGateway) gateway = alternative_dup_used (self->manager, part->family);
  GListModel *probes = gateway != NULL ? plum_gateway_get_probes (gateway) : NULL;
  guint n = probes != NULL ? g_list_model_get_n_items (probes) : 0;
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; i < n; i++)
    {
      g_autoptr (PlumProbe) probe = g_list_model_get_item (probes, i);
      const char *name = plum_probe_get_name (probe);

      if (!g_str_equal (name, "direct") && doctor_log_has_asked (self->log, gateway, probe) &&
          (plum_probe_get_outcome (probe) == PLUM_PROBE_REFUSED) == refused)
        g_ptr_array_add (names, g_strdup (describe_backend (name)));
    }

  return names->len > 0 ? way_text_join (names) : NULL;
}

char *
doctor_protocols_dup_sentence (const DoctorReport *self, const DoctorPart *part)
{
  gboolean limited = doctor_protocols_are_limited (self, part);
  g_autofree char *refused = dup_asked (self, part, TRUE);
  g_autofree char *silent = dup_asked (self, part, FALSE);

  if (part->verdict == DOCTOR_SILENT && limited && silent != NULL)
    /* Translators: one or more protocols. */
    return g_strdup_printf (_ ("The router does not answer requests of %s; no other protocol was "
                               "asked."),
                            silent);
  if (part->verdict != DOCTOR_SWITCHED_OFF || refused == NULL)
    return NULL;

  if (limited && silent != NULL)
    /* Translators: one or more protocols, twice. */
    return g_strdup_printf (_ ("The router refuses requests of %s and does not answer those of %s; "
                               "no other protocol was asked."),
                            refused, silent);
  if (limited)
    /* Translators: one or more protocols. */
    return g_strdup_printf (_ ("The router refuses requests of %s; no other protocol was asked."),
                            refused);
  if (silent != NULL)
    /* Translators: one or more protocols, twice. */
    return g_strdup_printf (_ ("The router refuses requests of %s and does not answer those of %s: "
                               "port mapping is disabled or not supported."),
                            refused, silent);
  return NULL;
}
