#include <stdio.h>

#include <keel/version.h>

int main(void)
{
    printf("keel %s\n", keel_version());
    return 0;
}
