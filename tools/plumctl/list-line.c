/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "list-line.h"

#include "common-options.h"
#include "describe.h"
#include "output.h"

#include <glib/gi18n-lib.h>

/* What the router sent, if it is not a protocol that this program knows. */
static const char *
get_protocol (PlumEntry *entry)
{
  const char *text = plum_entry_get_protocol_text (entry);

  return text != NULL ? text : describe_protocol (plum_entry_get_protocol (entry));
}

static void
list_print_json (const ListLine *line)
{
  PlumEntry *entry = line->entry;
  g_autofree char *text = NULL;
  JsonWriter json;

  json_writer_init (&json);
  json_writer_begin_object (&json, NULL);
  json_writer_string (&json, "event", "entry");
  json_writer_string (&json, "family", "ipv4");
  json_writer_string (&json, "protocol", get_protocol (entry));
  describe_port_json (&json, "external_port", plum_entry_get_external_port (entry));
  describe_address_json (&json, "internal_address", plum_entry_get_internal_address (entry));
  describe_port_json (&json, "internal_port", plum_entry_get_internal_port (entry));
  json_writer_string (&json, "description", plum_entry_get_description (entry));
  describe_lifetime_json (&json, "lifetime", plum_entry_get_lifetime (entry));
  json_writer_bool (&json, "enabled", plum_entry_get_enabled (entry));
  json_writer_bool (&json, "ours", line->mark == MARK_OURS);
  json_writer_bool (&json, "made_here", line->mark == MARK_MADE_HERE);
  json_writer_string (&json, "remote_host", plum_entry_get_remote_host (entry));
  json_writer_bool (&json, "readable", plum_entry_is_readable (entry));
  json_writer_string (&json, "internal_port_text", plum_entry_get_internal_port_text (entry));
  json_writer_string (&json, "internal_address_text", plum_entry_get_internal_address_text (entry));
  json_writer_string (&json, "problem", plum_entry_get_problem (entry));
  describe_address_json (&json, "gateway", line->router);
  json_writer_bool (&json, "recorded", line->recorded);
  json_writer_end_object (&json);

  text = json_writer_finish (&json);
  output_json (text);
}

/* What the line says of the router, or NULL. */
static char *
list_line_describe_place (const ListLine *line)
{
  g_autofree char *router = describe_address (line->router);

  if (!line->beyond)
    return line->recorded ? g_strdup (_ ("(recorded)")) : NULL;
  if (router == NULL)
    router = g_strdup (_ ("another router"));
  return line->recorded
           /* Translators: “recorded” means that the entry is from the records of this computer. */
           ? g_strdup_printf (_ ("(recorded, on %s)"), router)
           /* Translators: the router that has the entry. */
           : g_strdup_printf (_ ("(on %s)"), router);
}

/* Adds a word of a line. text: (nullable). */
static void
add_word (GString *line, const char *text)
{
  if (text != NULL)
    g_string_append_printf (line, " %s", text);
}

char *
list_line_describe_from (const char *from)
{
  /* Translators: the hosts that may connect. */
  return from != NULL ? g_strdup_printf (_ ("from %s"), from) : NULL;
}

/* problem: (nullable). */
static char *
describe_problem (const char *problem)
{
  return problem != NULL ? g_strdup_printf ("[%s]", problem) : NULL;
}

/* What is shown of a value: what the router sent or, if it is known, the value; otherwise “?”. Both
 * may be NULL or empty. */
static const char *
choose_text (const char *sent, const char *value)
{
  if (sent != NULL && *sent != '\0')
    return sent;
  return sent == NULL && value != NULL ? value : "?";
}

/* port: 0 is unknown. */
static char *
list_describe_port (guint port)
{
  return port != 0 ? g_strdup_printf ("%u", port) : NULL;
}

static void
list_print_line (const ListLine *line)
{
  static const char marks[] = { ' ', '*', '+' };
  PlumEntry *entry = line->entry;
  g_autofree char *from = list_line_describe_from (plum_entry_get_remote_host (entry));
  g_autofree char *address = describe_address (plum_entry_get_internal_address (entry));
  guint seconds = plum_entry_get_lifetime (entry);
  g_autofree char *lifetime = seconds != 0 ? describe_lifetime (seconds) : NULL;
  g_autofree char *external = list_describe_port (plum_entry_get_external_port (entry));
  g_autofree char *port = list_describe_port (plum_entry_get_internal_port (entry));
  g_autofree char *place = list_line_describe_place (line);
  g_autofree char *problem = describe_problem (plum_entry_get_problem (entry));
  g_autoptr (GString) text = g_string_new (NULL);

  g_string_append_printf (text, "%c %s %5s → %s:%s", marks[line->mark],
                          choose_text (get_protocol (entry), NULL), choose_text (NULL, external),
                          choose_text (plum_entry_get_internal_address_text (entry), address),
                          choose_text (plum_entry_get_internal_port_text (entry), port));
  add_word (text, from);
  add_word (text, lifetime);
  add_word (text, plum_entry_get_enabled (entry) ? NULL : _ ("(disabled)"));
  add_word (text, plum_entry_get_description (entry));
  add_word (text, problem);
  add_word (text, place);
  output_line (line->mark != MARK_NONE ? OUTPUT_GOOD : OUTPUT_PLAIN, "%s", text->str);
}

void
list_line_print (const ListLine *line)
{
  if (common_options.json)
    list_print_json (line);
  else
    list_print_line (line);
}
