-- How long a time in microseconds is, in words: seconds below a tenth of an hour.
create or replace temp macro in_words(us) as
    if(us < 3.6e8, format('{:.0f} seconds', us / 1e6), format('{:.1f} hours', us / 3.6e9));
