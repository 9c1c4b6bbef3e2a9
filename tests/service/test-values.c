/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* How a message is cut to the size of a member of PlumServiceMapping. */

#include "plum-service-values-private.h"

#include <string.h>

static void
assert_copied (const char *message, gsize size, const char *expected)
{
  char text[64];

  memset (text, 'x', sizeof text);
  plum_service_copy_message (text, size, message);
  g_assert_cmpstr (text, ==, expected);
  g_assert_true (text[size] == 'x');
}

static void
test_whole (void)
{
  assert_copied (NULL, 8, "");
  assert_copied ("", 8, "");
  assert_copied ("PCP: no.", 9, "PCP: no.");
}

static void
test_after_a_sentence (void)
{
  assert_copied ("PCP: no answer. Try again later.", 24, "PCP: no answer.");
  assert_copied ("PCP: no answer. Try again later.", 16, "PCP: no answer.");
}

static void
test_after_a_part (void)
{
  assert_copied ("PCP: no answer; UPnP: refused; NAT-PMP: no", 40, "PCP: no answer; UPnP: refused");
}

/* Half of the text would be lost. */
static void
test_between_characters (void)
{
  assert_copied ("No. This is one long sentence", 24, "No. This is one long se");
  assert_copied ("the backend “pcp”", 14, "the backend ");
  assert_copied ("1.2.3.4 does not answer", 12, "1.2.3.4 doe");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/service/message/whole", test_whole);
  g_test_add_func ("/service/message/after-a-sentence", test_after_a_sentence);
  g_test_add_func ("/service/message/after-a-part", test_after_a_part);
  g_test_add_func ("/service/message/between-characters", test_between_characters);

  return g_test_run ();
}
