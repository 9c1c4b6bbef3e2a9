/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "doctor-trial-report.h"

#include "describe.h"
#include "output.h"

#include <glib/gi18n-lib.h>

static const char *
describe_readback_text (Readback readback)
{
  switch (readback)
    {
    case READBACK_THERE:
      return _ ("yes");
    case READBACK_GONE:
      return _ ("no");
    case READBACK_NOT_SUPPORTED:
    case READBACK_NOT_DONE:
    case READBACK_UNKNOWN:
    default:
      return _ ("unknown");
    }
}

static const char *
describe_left_behind (LeftBehind left_behind)
{
  switch (left_behind)
    {
    case LEFT_BEHIND_NO:
      return _ ("no");
    case LEFT_BEHIND_YES:
      return _ ("yes");
    case LEFT_BEHIND_UNKNOWN:
    default:
      return _ ("unknown");
    }
}

static void
print_failed_trial (const char *name, gboolean ipv6, const TrialMapping *trial)
{
  const char *reason = trial->error != NULL ? trial->error->message : _ ("unknown reason");

  if (ipv6)
    /* Translators: tcp or udp, a port, and the reason. */
    output_line (OUTPUT_BAD, _ ("trial %s:%u over IPv6 failed: %s"), name, trial->internal_port,
                 reason);
  else
    /* Translators: tcp or udp, a port, and the reason. */
    output_line (OUTPUT_BAD, _ ("trial %s:%u failed: %s"), name, trial->internal_port, reason);
}

static void
print_removal (const TrialMapping *trial, LeftBehind left_behind)
{
  OutputColour colour = left_behind == LEFT_BEHIND_NO ? OUTPUT_PLAIN : OUTPUT_BAD;

  if (trial->remove_error != NULL)
    /* Translators: yes, no or unknown; the same; and an error. */
    output_line (colour, _ ("  in the router's table: %s; still there after the removal: %s; %s"),
                 describe_readback_text (trial->after_map), describe_left_behind (left_behind),
                 trial->remove_error->message);
  else
    /* Translators: yes, no or unknown; and the same. */
    output_line (colour, _ ("  in the router's table: %s; still there after the removal: %s"),
                 describe_readback_text (trial->after_map), describe_left_behind (left_behind));
}

void
doctor_trial_print (PlumProtocol protocol, GSocketFamily family, const TrialMapping *trial)
{
  const char *name = describe_protocol (protocol);
  gboolean ipv6 = family == G_SOCKET_FAMILY_IPV6;
  LeftBehind left_behind = doctor_trial_get_left_behind (trial);
  g_autofree char *lease = describe_lifetime (trial->lifetime);

  if (!trial->mapped)
    print_failed_trial (name, ipv6, trial);
  else
    /* Translators: tcp or udp, a port, an external address and port, and for how long. */
    output_line (OUTPUT_PLAIN, _ ("trial %s:%u → %s%s%s:%u %s"), name, trial->internal_port,
                 ipv6 ? "[" : "",
                 trial->external_host != NULL ? trial->external_host : _ ("(address unknown)"),
                 ipv6 ? "]" : "", trial->external_port, lease);

  if (!trial->mapped)
    {
      if (left_behind != LEFT_BEHIND_NO)
        /* Translators: yes or unknown. */
        output_line (OUTPUT_BAD, _ ("  in the router's table all the same: %s"),
                     describe_left_behind (left_behind));
      return;
    }

  print_removal (trial, left_behind);
}
