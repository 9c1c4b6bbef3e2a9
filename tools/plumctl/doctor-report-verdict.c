/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The sentence and the next step of the report. */

#include "doctor-report.h"

#include "alternative.h"
#include "common-options.h"
#include "describe.h"
#include "doctor-outside.h"
#include "doctor-protocols.h"

#include <glib/gi18n-lib.h>

static gboolean
is_any_left_behind (const DoctorTrial *trial)
{
  for (guint i = 0; i < G_N_ELEMENTS (trial->mappings); i++)
    if (doctor_trial_get_left_behind (&trial->mappings[i]) == LEFT_BEHIND_YES)
      return TRUE;

  return FALSE;
}

static gboolean
is_any_mapped (const DoctorTrial *trial)
{
  return trial->mappings[PLUM_PROTOCOL_TCP].mapped || trial->mappings[PLUM_PROTOCOL_UDP].mapped;
}

static gboolean
is_about_the_route (DoctorVerdict verdict)
{
  return verdict == DOCTOR_NO_NEXT_HOP || verdict == DOCTOR_OTHER_GATEWAY;
}

static gboolean
is_about_protocols (DoctorVerdict verdict)
{
  return verdict == DOCTOR_SILENT || verdict == DOCTOR_SWITCHED_OFF;
}

/* Why no gateway was found, if this computer may have a network all the same; NULL: it has none. */
static char *
dup_no_gateway (const DoctorReport *self, const DoctorPart *part)
{
  gboolean offline = common_options.interface == NULL && self->n_parts == DOCTOR_MAX_PARTS;

  for (guint i = 0; i < self->n_parts; i++)
    offline = offline && self->parts[i].verdict == DOCTOR_NO_GATEWAY;

  return offline || part->error == NULL ? NULL : g_strdup_printf ("%s.", part->error->message);
}

/* Why the removal is not confirmed; NULL: it is. */
static const char *
get_remove_error (const DoctorTrial *trial)
{
  for (guint i = 0; trial != NULL && i < G_N_ELEMENTS (trial->mappings); i++)
    if (trial->mappings[i].remove_error != NULL)
      return trial->mappings[i].remove_error->message;

  return NULL;
}

char *
doctor_report_dup_sentence (const DoctorReport *self, const DoctorPart *part)
{
  g_autofree char *sentence = NULL;
  const char *error = get_remove_error (part->trial);
  char *outside;

  if (part->verdict == DOCTOR_LEFT_BEHIND && !is_any_left_behind (part->trial) &&
      doctor_routers_is_chain (part->routers) && error != NULL)
    return g_strdup_printf (_ ("A router did not confirm that it removed the trial mapping: %s."),
                            error);

  if (part->verdict == DOCTOR_LEFT_BEHIND && !is_any_left_behind (part->trial))
    return g_strdup (_ ("The router did not confirm that it removed the trial mapping."));

  if (part->verdict == DOCTOR_LEFT_BEHIND && !is_any_mapped (part->trial))
    return g_strdup (_ ("The trial mapping failed, but it is in the router's table."));

  if (is_about_the_route (part->verdict))
    sentence = alternative_dup_reason (self->manager, part->family);
  else if (is_about_protocols (part->verdict))
    sentence = doctor_protocols_dup_sentence (self, part);
  else if (part->verdict == DOCTOR_NO_GATEWAY)
    sentence = dup_no_gateway (self, part);
  else
    sentence = doctor_routers_dup_sentence (part->routers, part->verdict);
  outside = doctor_outside_dup_sentence (part->trial, part->routers, sentence, part->verdict);
  if (outside != NULL)
    return outside;
  return sentence != NULL ? g_steal_pointer (&sentence)
                          : g_strdup (doctor_verdict_get_sentence (part->verdict));
}

char *
doctor_report_dup_next_step (const DoctorReport *self, const DoctorPart *part)
{
  const char *text;
  char *step = NULL;

  if (is_about_the_route (part->verdict))
    step = alternative_dup_step (self->manager, part->family);
  else if (is_about_protocols (part->verdict) && doctor_protocols_are_limited (self, part) &&
           (common_options.backends != NULL || g_getenv ("PLUM_BACKENDS") != NULL))
    step = g_strdup (_ ("Run the doctor without --backend and PLUM_BACKENDS, so that it asks with "
                        "all protocols."));
  else
    step = doctor_routers_dup_next_step (part->routers, part->verdict);
  if (step != NULL)
    return step;

  text = part->family == G_SOCKET_FAMILY_IPV6 ? doctor_verdict_get_next_step_ipv6 (part->verdict)
                                              : doctor_verdict_get_next_step (part->verdict);
  return doctor_verdict_is_about_settings (part->verdict)
           ? describe_settings_step (self->manager, part->family, text)
           : g_strdup (text);
}
