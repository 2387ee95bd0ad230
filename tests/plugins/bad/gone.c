/* The library that missing_dependency.c is linked with and never finds again. */
__attribute__((visibility("default"))) int tenon_test_gone(void);

int tenon_test_gone(void) {
    return 0;
}
