#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "hsm/softhsm.h"

static int
read_line(char *line, char *out)
{
	static const char key[] = "directories.tokendir";
	char *value;

	line += strspn(line, " \t");
	if (strncmp(line, key, sizeof(key) - 1) != 0)
		return 0;
	value = line + sizeof(key) - 1;
	value += strspn(value, " \t=");
	value[strcspn(value, "\r\n#")] = '\0';
	if (value[0] != '/' || strlen(value) >= PATH_MAX)
		return 0;
	strcpy(out, value);
	return 1;
}

int
hsm_softhsm_folder(const char *conf, char *out)
{
	FILE *f = conf[0] == '\0' ? NULL : fopen(conf, "re");
	size_t size = 0;
	char *line = NULL;
	int found = 0;

	while (!found && f != NULL && getline(&line, &size, f) > 0)
		found = read_line(line, out);
	free(line);
	if (f != NULL)
		fclose(f);
	return found;
}
