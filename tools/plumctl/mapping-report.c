/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "mapping-report.h"

#include "common-options.h"
#include "describe.h"
#include "output.h"

/* Whether the state is not the removal of nothing, or one that the router did not confirm. */
static gboolean
should_print_text (PlumMapping *mapping, PlumState state)
{
  static const char key[] = "plumctl-was-up";
  gboolean was_up = g_object_get_data (G_OBJECT (mapping), key) != NULL;

  if (state == PLUM_STATE_SUCCESS)
    g_object_set_data (G_OBJECT (mapping), key, mapping);
  if (state == PLUM_STATE_DESTROYING)
    return was_up;
  return state != PLUM_STATE_DESTROYED || (was_up && plum_mapping_get_error (mapping) == NULL);
}

static OutputColour
choose_colour (PlumState state)
{
  if (state == PLUM_STATE_SUCCESS)
    return OUTPUT_GOOD;
  return state == PLUM_STATE_FAILURE ? OUTPUT_BAD : OUTPUT_FAINT;
}

void
mapping_report_print (PlumMapping *mapping, gboolean silent)
{
  static const char key[] = "plumctl-printed";
  PlumState state = plum_mapping_get_state (mapping);
  gboolean print = should_print_text (mapping, state) && !silent;
  char *text = common_options.json ? describe_mapping_json (mapping) : describe_mapping (mapping);

  if ((!print && !common_options.json) ||
      g_strcmp0 (text, g_object_get_data (G_OBJECT (mapping), key)) == 0)
    {
      g_free (text);
      return;
    }

  g_object_set_data_full (G_OBJECT (mapping), key, text, g_free);
  if (common_options.json)
    output_json (text);
  else
    output_line (choose_colour (state), "%s", text);
}
