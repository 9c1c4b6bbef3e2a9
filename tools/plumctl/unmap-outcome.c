/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "unmap-outcome.h"

#include "exit-code.h"

/* The names in JSON, documented in docs/plumctl-json.md. */
const char *
unmap_outcome_get_name (UnmapOutcome outcome)
{
  switch (outcome)
    {
    case UNMAP_REMOVED:
      return "removed";
    case UNMAP_NOT_FOUND:
      return "not-found";
    case UNMAP_OTHER_HOST:
      return "other-host";
    case UNMAP_NOT_CONFIRMED:
      return "not-confirmed";
    case UNMAP_NO_ROUTER:
      return "no-router";
    case UNMAP_FAILED:
    default:
      return "failed";
    }
}

int
unmap_outcome_exit_code (UnmapOutcome outcome)
{
  switch (outcome)
    {
    case UNMAP_REMOVED:
      return PLUMCTL_OK;
    case UNMAP_NOT_FOUND:
      return PLUMCTL_NOTHING_THERE;
    case UNMAP_OTHER_HOST:
      return PLUMCTL_OTHER_HOST;
    case UNMAP_NOT_CONFIRMED:
      return PLUMCTL_NOT_CONFIRMED;
    case UNMAP_NO_ROUTER:
      return PLUMCTL_NO_ROUTER;
    case UNMAP_FAILED:
    default:
      return PLUMCTL_FAILED;
    }
}

/* Whether the outcome of a port becomes that of an entry that the first router has listed for it.
 *
 * outcome: so far: of what is recorded for the port, then of the entries before this one
 * has_entry: it includes that of an entry
 * asks_beyond: it includes that of routers beyond the first one
 *
 * The worst outcome counts. But the removal of an entry makes up for a refusal of the first router,
 * which may have been asked by another protocol, or for another external port. */
gboolean
unmap_outcome_is_replaced (UnmapOutcome outcome,
                           UnmapOutcome entry,
                           gboolean has_entry,
                           gboolean asks_beyond)
{
  if (entry > outcome)
    return TRUE;
  if (has_entry || outcome == UNMAP_NOT_CONFIRMED)
    return FALSE;
  return outcome == UNMAP_NOT_FOUND || !asks_beyond;
}
